package tinyllm.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The entry point of every command that Java answers. Loading this class touches neither MLX nor a model. */
@Command(
        name = "./lab",
        description = "Build a small vLLM for Qwen2-family models, in Java notebooks.",
        synopsisSubcommandLabel = "COMMAND",
        customSynopsis = "./lab COMMAND [options]",
        subcommands = {
            DoctorCommand.class,
            ModelsCommand.class,
            GenerateCommand.class,
            BatchCommand.class,
            ChatCommand.class,
            LogprobsCommand.class,
            PerplexityCommand.class,
            TokenizeCommand.class,
            DetokenizeCommand.class,
            CheckCommand.class,
            BenchCommand.class,
            FilmCommand.class,
            ServeCommand.class
        },
        footer = {"", "Every command takes --help. Exit codes: 0 done, 1 failed, 2 wrong usage."})
public final class Main implements Runnable {

    private final InputStream in;

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    private boolean help;

    /** @param in what a conversation reads from */
    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    Main(InputStream in) {
        this.in = in;
    }

    InputStream in() {
        return in;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command was given");
    }

    public static void main(String[] args) {
        // UTF-8 whatever the locale: a model's text is not limited to the terminal's old code page.
        PrintWriter out = writer(FileDescriptor.out);
        PrintWriter err = writer(FileDescriptor.err);
        int code = run(System.in, out, err, args);
        out.flush();
        err.flush();
        System.exit(code);
    }

    /**
     * Runs one command.
     *
     * @return 0 done, 1 failed, 2 wrong usage
     */
    static int run(InputStream in, PrintWriter out, PrintWriter err, String... args) {
        CommandLine commands = new CommandLine(new Main(in));
        Failures failures = new Failures(args);
        return commands.setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler(failures)
                .setExecutionExceptionHandler(failures)
                .execute(args);
    }

    private static PrintWriter writer(FileDescriptor to) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(to), StandardCharsets.UTF_8), true);
    }
}
