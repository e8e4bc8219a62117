package tinyllm.weights;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import tinyllm.weights.format.ElementType;
import tinyllm.weights.format.MappedFile;
import tinyllm.weights.format.TensorEntry;

/** A tensor that stands in one place of one file, plain or in GGUF's quantized blocks. */
record StoredTensor(MappedFile file, TensorEntry entry) implements WeightSource {

    int[] shape() {
        return entry.shape().stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public long units() {
        return entry.elements() / unitElements();
    }

    @Override
    public int unitElements() {
        return entry.type().blockElements();
    }

    /** Copies bytes of this tensor out of the mapping. */
    void copy(long from, byte[] to, int length) {
        if (from < 0 || from + length > entry.bytes()) {
            throw new IndexOutOfBoundsException(
                    entry.name() + ": bytes " + from + " to " + (from + length) + " of " + entry.bytes());
        }
        MemorySegment.copy(file.bytes(), ValueLayout.JAVA_BYTE, entry.offset() + from, to, 0, length);
    }

    @Override
    public Reader reader(int maxUnits) {
        ElementType type = entry.type();
        byte[] bytes = new byte[maxUnits * type.blockBytes()];
        if (type.blockElements() == 1) {
            return (first, count, out) -> {
                copy(first * type.blockBytes(), bytes, count * type.blockBytes());
                floats(type, bytes, count, out);
            };
        }
        GgufBlocks.Form form = GgufBlocks.form(type);
        byte[] codes = new byte[maxUnits * type.blockElements()];
        float[] scales = new float[codes.length / form.groupSize()];
        float[] mins = new float[scales.length];
        return (first, count, out) -> {
            copy(first * type.blockBytes(), bytes, count * type.blockBytes());
            GgufBlocks.unpack(type, bytes, count, codes, scales, mins);
            WeightSource.affine(
                    codes, scales, mins, form.zero(), form.groupSize(), count * type.blockElements(), out, 0);
        };
    }

    /** Little-endian F32, F16, BF16 or F64 values as floats. */
    static void floats(ElementType type, byte[] in, int count, float[] out) {
        ByteBuffer bytes = ByteBuffer.wrap(in).order(ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case F32 -> bytes.asFloatBuffer().get(out, 0, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    out[i] = Float.float16ToFloat(bytes.getShort(2 * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    out[i] = Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                }
            }
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    out[i] = (float) bytes.getDouble(8 * i);
                }
            }
            default -> throw new IllegalArgumentException(type + " does not hold real numbers");
        }
    }
}
