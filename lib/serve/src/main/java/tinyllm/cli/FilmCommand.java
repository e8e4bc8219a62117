package tinyllm.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Films of real runs, for a page that should show them. */
@Command(
        name = "film",
        description = "Make a film (an animated GIF, and its last frame as a PNG) of a real run.",
        subcommands = FilmRaceCommand.class)
final class FilmCommand implements Runnable {

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    FilmCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "film takes what to film: race");
    }
}
