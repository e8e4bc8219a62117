package tinyllm.cli;

/** A command that cannot go on, with the sentence that its user reads and the exit code. */
final class CommandException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    static final int FAILED = 1;
    static final int WRONG_USAGE = 2;

    private final int exitCode;

    private CommandException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    static CommandException failed(String message) {
        return new CommandException(FAILED, message);
    }

    static CommandException wrongUsage(String message) {
        return new CommandException(WRONG_USAGE, message);
    }

    int exitCode() {
        return exitCode;
    }
}
