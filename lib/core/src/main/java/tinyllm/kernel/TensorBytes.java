package tinyllm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Tensors as the bytes that a kernel sees: row-major, little-endian, in the dtype's own format. */
final class TensorBytes {
    private TensorBytes() {}

    static byte[] of(Tensor tensor) {
        DType dtype = tensor.dtype();
        ByteBuffer bytes = buffer(dtype, tensor.size());
        if (dtype.isFloating()) {
            for (float value : tensor.toFloats()) {
                put(bytes, dtype, value);
            }
        } else {
            for (long value : dtype == DType.BOOL ? booleans(tensor) : tensor.toLongs()) {
                put(bytes, dtype, value);
            }
        }
        return bytes.array();
    }

    /** size times the same value. */
    static byte[] filled(DType dtype, long size, float value) {
        ByteBuffer bytes = buffer(dtype, size);
        while (bytes.hasRemaining()) {
            if (dtype.isFloating()) {
                put(bytes, dtype, value);
            } else {
                put(bytes, dtype, (long) value);
            }
        }
        return bytes.array();
    }

    static Tensor tensor(byte[] bytes, DType dtype, int[] shape) {
        return Tensor.of(MemorySegment.ofArray(bytes), dtype, shape);
    }

    private static long[] booleans(Tensor tensor) {
        boolean[] values = tensor.toBooleans();
        long[] numbers = new long[values.length];
        Arrays.setAll(numbers, i -> values[i] ? 1 : 0);
        return numbers;
    }

    private static ByteBuffer buffer(DType dtype, long size) {
        return ByteBuffer.allocate(Math.toIntExact(Math.multiplyExact(size, dtype.bytes())))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void put(ByteBuffer bytes, DType dtype, float value) {
        switch (dtype) {
            case F32 -> bytes.putFloat(value);
            case F16 -> bytes.putShort(Float.floatToFloat16(value));
            case BF16 -> bytes.putShort(bfloat(value));
            default -> throw new KernelException("A kernel takes no " + dtype);
        }
    }

    // To the nearest, halves to even.
    private static short bfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    private static void put(ByteBuffer bytes, DType dtype, long value) {
        switch (dtype.bytes()) {
            case 1 -> bytes.put((byte) value);
            case 2 -> bytes.putShort((short) value);
            case 4 -> bytes.putInt((int) value);
            default -> bytes.putLong(value);
        }
    }
}
