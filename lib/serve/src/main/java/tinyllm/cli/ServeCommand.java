package tinyllm.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Unmatched;

/** The OpenAI-compatible server's place. */
@Command(name = "serve", description = "The OpenAI-compatible server (not built yet: it comes with week 2).")
final class ServeCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Unmatched
    private List<String> anything;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ServeCommand() {}

    @Override
    public Integer call() {
        throw CommandException.wrongUsage(
                "serve is not built yet: use ./lab generate or ./lab chat; the server comes with week 2");
    }
}
