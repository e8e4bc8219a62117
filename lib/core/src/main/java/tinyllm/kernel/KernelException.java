package tinyllm.kernel;

/** A kernel that can't run, or that does what no kernel may; the message says where and what to do. */
public class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public KernelException(String message) {
        super(message);
    }

    public KernelException(String message, Throwable cause) {
        super(message, cause);
    }
}
