package tinyllm.lab.exercises.quantized.gpu;

import java.util.Random;
import tinyllm.kernel.MlxKernels;
import tinyllm.kernel.QuantizedKernels;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.weights.AffineQuantization;

/**
 * Rows of activations and 4-bit weights in groups of 64 for kernels (chapters 2.3a and 2.3b).
 *
 * @param x {@code [M, K]} F32
 * @param words {@code [N, K / 8]} U32, eight values a word, low bits first
 * @param scales {@code [N, K / 64]} F32
 * @param biases {@code [N, K / 64]} F32
 * @param dense {@code [N, K]} F32, the weights that the words stand for
 */
public record QuantizedInputs(Tensor x, Tensor words, Tensor scales, Tensor biases, Tensor dense) {

    public static final int BITS = 4;
    public static final int GROUP = 64;

    /** Normally distributed weights, quantized. */
    public static QuantizedInputs draw(long seed, int m, int k, int n) {
        Random random = new Random(seed);
        return of(Tensor.of(normal(random, m * k), m, k), normal(random, n * k), n, k);
    }

    /**
     * Quantizes rows.
     *
     * @param weights {@code [n, k]}, k a multiple of 64
     */
    public static QuantizedInputs of(Tensor x, float[] weights, int n, int k) {
        AffineQuantization form = new AffineQuantization(BITS, GROUP);
        AffineQuantization.Packed packed = form.quantize(weights, n, k);
        long[] words = new long[packed.words().length];
        for (int i = 0; i < words.length; i++) {
            words[i] = Integer.toUnsignedLong(packed.words()[i]);
        }
        return new QuantizedInputs(
                x,
                Tensor.of(words, n, k / 8).astype(DType.U32),
                Tensor.of(packed.scales(), n, k / GROUP),
                Tensor.of(packed.biases(), n, k / GROUP),
                Tensor.of(form.dequantize(packed), n, k));
    }

    private static float[] normal(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    public int outputs() {
        return words.dim(0);
    }

    /** {@code [M, N]}, from the dense weights. */
    public Tensor product() {
        return x.matmul(dense.transpose());
    }

    public QuantizedKernels.Weights weights() {
        return new QuantizedKernels.Weights(words, scales, biases, BITS, GROUP);
    }

    public MlxKernels.Packed forMlx() {
        return new MlxKernels.Packed(words, scales, biases, BITS, GROUP);
    }

    /** Every input once, and the result once. */
    public long fewestBytes() {
        return 4 * (x.size() + words.size() + scales.size() + biases.size() + (long) x.dim(0) * outputs());
    }
}
