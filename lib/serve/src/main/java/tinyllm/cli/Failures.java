package tinyllm.cli;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MutuallyExclusiveArgsException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns every failure into one sentence and an exit code; a stack trace is shown only when TINYLLM_DEBUG is set. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {

    private final boolean json;

    Failures(String... args) {
        this.json = Arrays.asList(args).contains("--json");
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName(" ");
        String message = e instanceof UnmatchedArgumentException u ? unmatched(u, command) : firstLine(e);
        report(command, message);
        if (!json && !(e instanceof MutuallyExclusiveArgsException)) {
            command.getErr().println(name + " --help lists what it takes.");
        }
        return CommandException.WRONG_USAGE;
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
        if (System.getenv("TINYLLM_DEBUG") != null) {
            e.printStackTrace(command.getErr());
        }
        report(command, sentence(e));
        return switch (e) {
            case CommandException own -> own.exitCode();
            case IllegalArgumentException bad -> CommandException.WRONG_USAGE;
            default -> CommandException.FAILED;
        };
    }

    private void report(CommandLine command, String message) {
        if (json) {
            command.getOut().println(Json.write(Map.of("error", message)));
        } else {
            command.getErr().println("lab: " + message);
        }
    }

    private static String unmatched(UnmatchedArgumentException e, CommandLine command) {
        String first = e.getUnmatched().getFirst();
        List<String> near = e.getSuggestions();
        boolean root = command.getParent() == null && !first.startsWith("-");
        String what = root ? "there is no command \"" + first + "\"" : "unknown argument \"" + first + "\"";
        return near.isEmpty() ? what : what + "; did you mean " + String.join(", ", near) + "?";
    }

    private static String sentence(Exception e) {
        if (e instanceof NoSuchFileException missing) {
            return "there is no file " + missing.getFile();
        }
        if (e.getMessage() == null
                || (e instanceof IOException && e.getMessage().indexOf(' ') < 0)) {
            return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
        }
        return firstLine(e);
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
