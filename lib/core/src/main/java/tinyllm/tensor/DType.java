package tinyllm.tensor;

/**
 * The type of a tensor's elements. F64 works on the CPU device only, and MLX computes its functions, such as exp, to about
 * F32's precision there.
 */
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

    public boolean isSigned() {
        return isFloating() || this == I8 || this == I16 || this == I32 || this == I64;
    }

    /** The value that an operand or a fill takes in this dtype; refuses what an integer type or BOOL can't hold. */
    double checked(String op, double value) {
        if (isFloating()) {
            return value;
        }
        if (value != Math.rint(value) || value < lowest() || value > highest()) {
            throw Shapes.bad(
                    op,
                    Printing.plain(value) + " is no value of " + this
                            + (this == BOOL ? "" : "; convert the tensor with astype(F32) to compute with fractions"));
        }
        return value;
    }

    private double lowest() {
        return isSigned() ? -Math.scalb(1.0, 8 * bytes - 1) : 0;
    }

    private double highest() {
        if (this == BOOL) {
            return 1;
        }
        // Of I64, doubles reach exactly up to the one below 2^63.
        return this == I64 ? Math.nextDown(0x1p63) : Math.scalb(1.0, 8 * bytes - (isSigned() ? 1 : 0)) - 1;
    }
}
