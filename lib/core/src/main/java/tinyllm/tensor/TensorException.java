package tinyllm.tensor;

/** An operation that MLX refused or could not finish; the message names the operation, the shapes and the dtypes. */
public class TensorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TensorException(String message) {
        super(message);
    }

    public TensorException(String message, Throwable cause) {
        super(message, cause);
    }
}
