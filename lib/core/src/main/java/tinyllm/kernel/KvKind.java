package tinyllm.kernel;

import tinyllm.tensor.DType;

/** How a number of a key or a value is stored. */
public enum KvKind {
    F32(0, 32),
    F16(1, 16),
    BF16(2, 16),
    /** A code of 8 bits; 64 components of a token share a float16 scale and zero. */
    INT8(3, 8),
    /** The same with 4 bits. */
    INT4(4, 4);

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

    /** Bits of one number, without its share of a scale and a zero. */
    public int bits() {
        return bits;
    }

    /** Codes with scales, rather than numbers. */
    public boolean isQuantized() {
        return bits < 16;
    }

    /** The C++ kernels' number for it. */
    int code() {
        return code;
    }
}
