package tinyllm.kernel.host;

/** The machine can't do a host run: no compiler, no space, no process. The message says what to do. */
public class HostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HostException(String message) {
        super(message);
    }

    public HostException(String message, Throwable cause) {
        super(message, cause);
    }
}
