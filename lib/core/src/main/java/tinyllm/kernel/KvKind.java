package tinyllm.kernel;

import tinyllm.tensor.DType;

/** How a number of a key or a value is stored. */
public enum KvKind {
    F32(0, 32),
    F16(1, 16),
    BF16(2, 16);

    private final int code;
    private final int bits;

    KvKind(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    /** @throws IllegalArgumentException unless dtype is F32, F16 or BF16 */
    public static KvKind of(DType dtype) {
        return switch (dtype) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            default ->
                throw new IllegalArgumentException("keys and values are stored as F32, F16 or BF16, not as " + dtype);
        };
    }

    /** Bits of one number. */
    public int bits() {
        return bits;
    }

    /** The C++ kernels' number for it. */
    int code() {
        return code;
    }
}
