package tinyllm.kernel;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;
import tinyllm.natives.kernels.PackedMatrix;
import tinyllm.tensor.DType;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Tensor;

/**
 * A quantized matrix and its bias in the layout that our CPU kernels read, packed once. Immutable and safe to share; its memory is
 * freed with the last one who can reach it. It counts in {@link Memory}.
 */
public final class PackedWeight {
    private static final int TILE = 16;
    private static final int TILES_PER_TASK = 8;

    /** Gives rows of a matrix; see {@link #pack}. Called from several threads. */
    @FunctionalInterface
    public interface RowReader {
        /**
         * Writes rows first … first + count − 1 to the starts of the arrays.
         *
         * @param codes {@code count · cols}
         * @param scales {@code count · groups}
         * @param biases {@code count · groups}; left alone where the scales have none
         * @param d {@code count · factors}, with shared factors only
         * @param dmin the same
         */
        void read(int first, int count, byte[] codes, float[] scales, float[] biases, float[] d, float[] dmin);
    }

    private final WeightForm form;
    private final PackedMatrix matrix;
    private final @Nullable Tensor bias;

    private PackedWeight(WeightForm form, PackedMatrix matrix, @Nullable Tensor bias) {
        this.form = form;
        this.matrix = matrix;
        this.bias = bias;
    }

    /**
     * Packs a matrix, several rows at a time on all cores.
     *
     * @param bias {@code [rows]}, added to the products; null for none
     * @throws IllegalArgumentException when the form or the bias does not fit
     */
    public static PackedWeight pack(WeightForm form, RowReader reader, @Nullable Tensor bias) {
        form.checked();
        if (bias != null && (bias.rank() != 1 || bias.dim(0) != form.rows())) {
            throw new IllegalArgumentException("the bias has shape " + java.util.Arrays.toString(bias.shape())
                    + ", and the matrix has " + form.rows() + " rows");
        }
        Memory.require("packing a matrix of [" + form.rows() + ", " + form.cols() + "]", bytes(form));
        PackedMatrix matrix = new PackedMatrix(
                form.rows(),
                form.cols(),
                form.bits(),
                form.groupSize(),
                form.scales().ordinal());
        AtomicBoolean finite = new AtomicBoolean(true);
        int tiles = (form.rows() + TILE - 1) / TILE;
        IntStream.range(0, (tiles + TILES_PER_TASK - 1) / TILES_PER_TASK)
                .parallel()
                .forEach(task -> {
                    int last = Math.min(tiles, (task + 1) * TILES_PER_TASK);
                    if (!packTiles(form, reader, matrix, task * TILES_PER_TASK, last)) {
                        finite.set(false);
                    }
                });
        matrix.packed(finite.get());
        Tensor floats = null;
        if (bias != null) {
            floats = bias.astype(DType.F32).contiguous().eval();
            DeviceThread.run("pack", (call, in) -> matrix.set_bias(in[0]), floats);
        }
        return new PackedWeight(form, matrix, floats);
    }

    private static long bytes(WeightForm form) {
        double bitsPerWeight =
                form.bits() + 8.0 * (form.scales() == WeightForm.Scales.FLOAT ? 8 : 4) / form.groupSize();
        return (long) ((form.rows() + TILE) * (form.cols() * bitsPerWeight / 8));
    }

    /** @return whether every scale and bias is a finite number */
    private static boolean packTiles(WeightForm form, RowReader reader, PackedMatrix matrix, int first, int last) {
        byte[] codes = new byte[TILE * form.cols()];
        float[] scales = new float[TILE * form.groups()];
        float[] biases = new float[scales.length];
        float[] d = new float[TILE * form.factors()];
        float[] dmin = new float[d.length];
        boolean finite = true;
        try (BytePointer nativeCodes = new BytePointer(codes.length);
                FloatPointer nativeScales = new FloatPointer(scales.length);
                FloatPointer nativeBiases = new FloatPointer(biases.length);
                FloatPointer nativeD = new FloatPointer(d.length);
                FloatPointer nativeDmin = new FloatPointer(dmin.length)) {
            for (int tile = first; tile < last; tile++) {
                int count = Math.min(TILE, form.rows() - tile * TILE);
                reader.read(tile * TILE, count, codes, scales, biases, d, dmin);
                finite &= finite(scales, count * form.groups()) & finite(biases, count * form.groups());
                finite &= finite(d, count * form.factors()) & finite(dmin, count * form.factors());
                nativeCodes.put(codes, 0, codes.length);
                nativeScales.put(scales, 0, scales.length);
                nativeBiases.put(biases, 0, biases.length);
                nativeD.put(d, 0, d.length);
                nativeDmin.put(dmin, 0, dmin.length);
                matrix.pack(tile, nativeCodes, nativeScales, nativeBiases, nativeD, nativeDmin);
            }
        }
        return finite;
    }

    private static boolean finite(float[] values, int count) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(values[i])) {
                return false;
            }
        }
        return true;
    }

    public WeightForm form() {
        return form;
    }

    PackedMatrix matrix() {
        return matrix;
    }

    /** Bytes held, the bias among them. */
    public long nbytes() {
        return matrix.nbytes();
    }

    /** The weights of one row, dequantized. */
    public float[] row(int row) {
        java.util.Objects.checkIndex(row, form.rows());
        float[] values = new float[form.cols()];
        try (FloatPointer to = new FloatPointer(values.length)) {
            matrix.row(row, to);
            to.get(values);
        }
        return values;
    }

    /** The bias, or null. */
    public @Nullable Tensor bias() {
        return bias;
    }
}
