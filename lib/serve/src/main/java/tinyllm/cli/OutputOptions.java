package tinyllm.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Results on standard output, as text or as one JSON object; all else on standard error. */
final class OutputOptions {

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--json", description = "print one JSON object and nothing else")
    private boolean json;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    private boolean help;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    OutputOptions() {}

    boolean json() {
        return json;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** The result in the form that was asked for. */
    void result(Map<String, ?> value, Consumer<PrintWriter> text) {
        if (json) {
            out().println(Json.write(value));
        } else {
            text.accept(out());
        }
        out().flush();
    }

    /** A line about what happens, on standard error; nothing with --json. */
    void note(String line) {
        if (!json) {
            err().println(line);
            err().flush();
        }
    }
}
