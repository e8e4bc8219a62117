package tinyllm.weights.format;

import java.util.List;

/**
 * One tensor as a file describes it, checked.
 *
 * @param shape row-major, the last dimension contiguous, whatever order the file writes
 * @param offset of its first byte, from the start of the file
 * @param bytes of its data in the file
 */
public record TensorEntry(String name, ElementType type, List<Integer> shape, long offset, long bytes) {

    public TensorEntry {
        shape = List.copyOf(shape);
    }

    /** The number of elements. */
    public long elements() {
        return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }

    /** First byte after the data. */
    public long end() {
        return offset + bytes;
    }

    /** Bytes of a tensor, with every product checked; the row has to be whole blocks. */
    static long checkedBytes(String name, ElementType type, List<Integer> shape) {
        long elements = 1;
        try {
            for (int dim : shape) {
                elements = Math.multiplyExact(elements, (long) dim);
            }
            int row = shape.isEmpty() ? 1 : shape.getLast();
            if (row % type.blockElements() != 0) {
                throw new FormatException("tensor \"" + name + "\" has rows of " + row + " elements; " + type
                        + " stores blocks of " + type.blockElements());
            }
            return type.bytes(elements);
        } catch (ArithmeticException e) {
            throw new FormatException(
                    "tensor \"" + name + "\" has shape " + shape + ", whose size passes 2^63 bytes", e);
        }
    }

    static int checkedDim(String name, long dim) {
        if (dim < 1 || dim > Integer.MAX_VALUE) {
            throw new FormatException("tensor \"" + name + "\" has the dimension " + Long.toUnsignedString(dim)
                    + "; a dimension is 1 to " + Integer.MAX_VALUE);
        }
        return (int) dim;
    }
}
