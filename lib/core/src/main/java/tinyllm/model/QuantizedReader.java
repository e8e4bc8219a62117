package tinyllm.model;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KernelChoice;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.PackedWeight;
import tinyllm.kernel.WeightForm;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;
import tinyllm.weights.AffineQuantization;
import tinyllm.weights.AffineRows;
import tinyllm.weights.Checkpoint;

/** Reads single tensors for a set of kernels, and counts what became of them. */
final class QuantizedReader {
    private static final int ROWS_AT_ONCE = 512;
    private static final AffineQuantization EIGHT_BIT = new AffineQuantization(8, 32);

    private final Checkpoint checkpoint;
    private final KernelSet kernels;
    private final Map<String, Integer> counts;
    private final LoadListener listener;
    private final long total;
    private long done;

    QuantizedReader(Checkpoint checkpoint, KernelSet kernels, Map<String, Integer> counts, LoadListener listener) {
        this.checkpoint = checkpoint;
        this.kernels = kernels;
        this.counts = counts;
        this.listener = listener;
        this.total =
                checkpoint.names().stream().mapToLong(checkpoint::fileBytes).sum();
    }

    /** A tensor in float32. */
    Tensor real(String name) {
        Tensor loaded = checkpoint.load(name, DType.F32).eval();
        tell(name);
        return loaded;
    }

    /** A matrix for our kernels. */
    PackedWeight packed(String name, @Nullable Tensor bias) {
        PackedWeight packed = checkpoint.isQuantized(name)
                ? checkpoint.quantized(name, rows -> packed(rows, bias))
                : eightBit(checkpoint.load(name, DType.F32), bias, "float");
        tell(name);
        return packed;
    }

    private PackedWeight packed(AffineRows rows, @Nullable Tensor bias) {
        WeightForm form = WeightForms.of(rows);
        if (KernelChoice.matrix(kernels, Device.CPU, form, form.cols()) == KernelChoice.Matrix.OWN) {
            count(rows.type());
            return PackedWeight.pack(form, rows::read, bias);
        }
        // 2 and 3 bits: exact in 8 bits, with scales of their own group
        WeightForm wide = new WeightForm(form.rows(), form.cols(), 8, form.groupSize(), form.scales());
        count(rows.type() + " as 8 bits");
        return PackedWeight.pack(wide, rows::read, bias);
    }

    private PackedWeight eightBit(Tensor real, @Nullable Tensor bias, String type) {
        int rows = real.dim(0);
        int cols = real.dim(1);
        float[] values = real.toFloats();
        WeightForm form = new WeightForm(rows, cols, 8, 32, WeightForm.Scales.FLOAT);
        count(type + " quantized to 8 bits, groups of 32");
        return PackedWeight.pack(
                form,
                (first, count, codes, scales, biases, d, dmin) -> {
                    float[] some = java.util.Arrays.copyOfRange(values, first * cols, (first + count) * cols);
                    AffineQuantization.Packed packed = EIGHT_BIT.quantize(some, count, cols);
                    for (int i = 0; i < count * cols; i++) {
                        codes[i] = (byte) (packed.words()[i / 4] >>> 8 * (i % 4));
                    }
                    System.arraycopy(packed.scales(), 0, scales, 0, packed.scales().length);
                    System.arraycopy(packed.biases(), 0, biases, 0, packed.biases().length);
                },
                bias);
    }

    /** A matrix for MLX's operations. */
    MlxLinear mlx(String name, @Nullable Tensor bias) {
        MlxLinear linear;
        if (!checkpoint.isQuantized(name)) {
            count("float32");
            linear = new MlxLinear(null, checkpoint.load(name, DType.F32).eval(), bias);
        } else {
            linear = checkpoint.quantized(name, rows -> mlx(name, rows, bias));
        }
        tell(name);
        return linear;
    }

    private MlxLinear mlx(String name, AffineRows rows, @Nullable Tensor bias) {
        WeightForm form = WeightForms.of(rows);
        KernelChoice.Matrix choice = KernelChoice.matrix(KernelSet.MLX, Device.current(), form, form.cols());
        return switch (choice) {
            case MLX -> {
                count(rows.type());
                yield new MlxLinear(
                        packedForMlx(rows, form, new AffineQuantization(form.bits(), form.groupSize())), null, bias);
            }
            case MLX_8_BIT -> {
                count(rows.type() + " requantized to 8 bits, groups of 32");
                yield new MlxLinear(packedForMlx(rows, form, EIGHT_BIT), null, bias);
            }
            default -> {
                count(rows.type() + " as float32");
                yield new MlxLinear(null, checkpoint.load(name, DType.F32).eval(), bias);
            }
        };
    }

    private static MlxKernels.Packed packedForMlx(AffineRows rows, WeightForm form, AffineQuantization to) {
        boolean exact = to.groupSize() == form.groupSize();
        int wordsPerRow = form.cols() / 32 * to.bits();
        int groups = form.cols() / to.groupSize();
        int[] words = new int[Math.multiplyExact(form.rows(), wordsPerRow)];
        float[] allScales = new float[form.rows() * groups];
        float[] allBiases = new float[allScales.length];
        byte[] codes = new byte[ROWS_AT_ONCE * form.cols()];
        float[] scales = new float[ROWS_AT_ONCE * form.groups()];
        float[] biases = new float[scales.length];
        float[] d = new float[ROWS_AT_ONCE * form.factors()];
        float[] dmin = new float[d.length];
        for (int first = 0; first < form.rows(); first += ROWS_AT_ONCE) {
            int count = Math.min(ROWS_AT_ONCE, form.rows() - first);
            rows.read(first, count, codes, scales, biases, d, dmin);
            WeightForms.realScales(form, count, scales, biases, d, dmin);
            AffineQuantization.Packed some = exact
                    ? to.packed(codes, scales, biases, count, form.cols())
                    : to.quantize(values(form, count, codes, scales, biases), count, form.cols());
            System.arraycopy(some.words(), 0, words, first * wordsPerRow, count * wordsPerRow);
            System.arraycopy(some.scales(), 0, allScales, first * groups, count * groups);
            System.arraycopy(some.biases(), 0, allBiases, first * groups, count * groups);
        }
        return new MlxKernels.Packed(
                bits(words, form.rows(), wordsPerRow),
                Tensor.of(allScales, form.rows(), groups).eval(),
                Tensor.of(allBiases, form.rows(), groups).eval(),
                to.bits(),
                to.groupSize());
    }

    private static Tensor bits(int[] words, int rows, int wordsPerRow) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_INT, words);
            return Tensor.of(bytes, DType.U32, rows, wordsPerRow);
        }
    }

    private static float[] values(WeightForm form, int count, byte[] codes, float[] scales, float[] biases) {
        float[] values = new float[count * form.cols()];
        for (int i = 0; i < values.length; i++) {
            int g = i / form.groupSize();
            values[i] = scales[g] * (codes[i] & 0xFF) + biases[g];
        }
        return values;
    }

    private void count(String kind) {
        counts.merge(kind, 1, Integer::sum);
    }

    private void tell(String name) {
        done += checkpoint.fileBytes(name);
        listener.read(done, total);
    }
}
