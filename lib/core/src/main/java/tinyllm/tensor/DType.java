package tinyllm.tensor;

/** The type of a tensor's elements. */
public enum DType {
    BOOL(1),
    U8(1),
    U16(2),
    U32(4),
    I8(1),
    I16(2),
    I32(4),
    I64(8),
    F16(2),
    BF16(2),
    F32(4),
    F64(8);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    public boolean isFloating() {
        return this == F16 || this == BF16 || this == F32 || this == F64;
    }

    public boolean isInteger() {
        return this != BOOL && !isFloating();
    }
}
