package tinyllm.tensor;

/**
 * A tensor that would take the process over its memory budget, refused before MLX allocates it. The message names the
 * operation, the bytes asked for, the bytes in use and the budget (see {@link Memory#budget()}).
 */
public final class TensorMemoryException extends TensorException {
    private static final long serialVersionUID = 1L;

    public TensorMemoryException(String message) {
        super(message);
    }
}
