package tinyllm.kernel.host;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.DType;

/**
 * An input or an output of a run.
 *
 * @param data row-major little-endian bytes; of an output its initial values, or null: then its elements are undefined until they
 *     are written
 */
public record HostBuffer(String name, DType dtype, int[] shape, boolean output, byte @Nullable [] data) {

    public HostBuffer {
        shape = shape.clone();
        if (data == null && !output) {
            throw new IllegalArgumentException("The input " + name + " has no values");
        }
        if (data != null && data.length != bytes(dtype, shape)) {
            throw new IllegalArgumentException(name + " of shape " + Arrays.toString(shape) + " " + dtype + " takes "
                    + bytes(dtype, shape) + " bytes, and " + data.length + " were given");
        }
    }

    public static HostBuffer input(String name, DType dtype, int[] shape, byte[] data) {
        return new HostBuffer(name, dtype, shape, false, data);
    }

    public static HostBuffer output(String name, DType dtype, int[] shape, byte @Nullable [] initial) {
        return new HostBuffer(name, dtype, shape, true, initial);
    }

    public long elements() {
        return Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
    }

    public int bytes() {
        return Math.toIntExact(bytes(dtype, shape));
    }

    private static long bytes(DType dtype, int[] shape) {
        return Arrays.stream(shape).asLongStream().reduce(dtype.bytes(), Math::multiplyExact);
    }

    /** The line of the job file. */
    String line() {
        StringBuilder text = new StringBuilder(output ? "out " : "in ")
                .append(name)
                .append(' ')
                .append(typeName())
                .append(' ')
                .append(dtype.bytes())
                .append(' ')
                .append(elements())
                .append(output && data != null ? " 1 " : " 0 ")
                .append(shape.length);
        for (int size : shape) {
            text.append(' ').append(size);
        }
        return text.toString();
    }

    private String typeName() {
        return switch (dtype) {
            case F32 -> "float";
            case F16 -> "half";
            case BF16 -> "bfloat";
            default -> dtype.name().toLowerCase(java.util.Locale.ROOT);
        };
    }
}
