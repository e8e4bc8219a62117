package tinyllm.weights;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.LongStream;
import tinyllm.tensor.DType;

/** Decodes a {@link WeightSource} into native memory, on all cores, through scratch arrays that fit a core's cache. */
final class WeightLoader {
    private static final int CHUNK_ELEMENTS = 1 << 13;
    private static final int CHUNKS_PER_TASK = 16;

    private WeightLoader() {}

    /** Values as dtype (F32, F16 or BF16), little-endian and row-major, in memory of the arena. */
    static MemorySegment load(WeightSource source, DType dtype, Arena arena) {
        if (source instanceof StoredTensor stored && !stored.entry().type().isReal()) {
            return raw(stored, dtype, arena);
        }
        if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
            throw new IllegalArgumentException("weights load as F32, F16 or BF16, not as " + dtype);
        }
        long elements = source.units() * source.unitElements();
        MemorySegment to = arena.allocate(elements * dtype.bytes(), 64);
        int chunk = Math.max(1, CHUNK_ELEMENTS / source.unitElements());
        long perTask = (long) chunk * CHUNKS_PER_TASK;
        long tasks = (source.units() + perTask - 1) / perTask;
        LongStream range = LongStream.range(0, tasks);
        (tasks > 1 ? range.parallel() : range).forEach(task -> {
            long first = task * perTask;
            span(source, first, Math.min(source.units(), first + perTask), chunk, dtype, to);
        });
        return to;
    }

    /** Integers and booleans, byte for byte. */
    private static MemorySegment raw(StoredTensor stored, DType dtype, Arena arena) {
        if (!stored.entry().type().name().equals(dtype.name())) {
            throw new IllegalArgumentException("tensor \"" + stored.entry().name() + "\" holds "
                    + stored.entry().type() + " and loads as that, not as " + dtype);
        }
        return arena.allocate(stored.entry().bytes(), 64)
                .copyFrom(stored.file()
                        .bytes()
                        .asSlice(stored.entry().offset(), stored.entry().bytes()));
    }

    private static void span(WeightSource source, long first, long last, int chunk, DType dtype, MemorySegment to) {
        int most = (int) Math.min(chunk, last - first);
        WeightSource.Reader reader = source.reader(most);
        float[] values = new float[most * source.unitElements()];
        short[] halves = new short[dtype == DType.F32 ? 0 : values.length];
        for (long unit = first; unit < last; unit += most) {
            int count = (int) Math.min(most, last - unit);
            reader.read(unit, count, values);
            write(
                    values,
                    halves,
                    count * source.unitElements(),
                    dtype,
                    to,
                    unit * source.unitElements() * dtype.bytes());
        }
    }

    private static void write(float[] values, short[] halves, int count, DType dtype, MemorySegment to, long at) {
        if (dtype == DType.F32) {
            MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT, at, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            halves[i] = dtype == DType.F16 ? Float.floatToFloat16(values[i]) : bfloat16(values[i]);
        }
        MemorySegment.copy(halves, 0, to, ValueLayout.JAVA_SHORT, at, count);
    }

    /** Round to nearest, ties to even; a NaN stays a NaN. */
    static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }
}
