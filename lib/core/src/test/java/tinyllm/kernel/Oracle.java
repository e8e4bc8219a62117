package tinyllm.kernel;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.QuantizedKernels.Weights;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The slow truth: plain Java in double precision, over the very numbers that a kernel gets. */
final class Oracle {
    private Oracle() {}

    static Tensor normal(long seed, DType dtype, int... shape) {
        int size = 1;
        for (int n : shape) {
            size *= n;
        }
        Random random = new Random(seed);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(values, shape).astype(dtype);
    }

    /** Random weights; scales of both signs, and one group of zeros. */
    static Weights weights(long seed, int n, int k, int bits, int group, DType dtype) {
        Random random = new Random(seed);
        long[] words = new long[n * k * bits / 32];
        for (int i = 0; i < words.length; i++) {
            words[i] = random.nextInt() & 0xffffffffL;
        }
        float[] scales = new float[n * (k / group)];
        float[] biases = new float[scales.length];
        for (int i = 1; i < scales.length; i++) {
            scales[i] = (float) (random.nextGaussian() * 0.1 / (1 << (bits - 3)));
            biases[i] = (float) (random.nextGaussian() * 0.1);
        }
        return new Weights(
                Tensor.of(words, n, k * bits / 32).astype(DType.U32),
                Tensor.of(scales, n, k / group).astype(dtype),
                Tensor.of(biases, n, k / group).astype(dtype),
                bits,
                group);
    }

    /** [N][K]. */
    static double[][] dequantized(Weights w) {
        long[] words = w.w().toLongs();
        double[] scales = w.scales().toDoubles();
        double[] biases = w.biases().toDoubles();
        int k = w.inputs();
        double[][] values = new double[w.outputs()][k];
        for (int row = 0; row < values.length; row++) {
            for (int i = 0; i < k; i++) {
                long q = 0;
                for (int bit = 0; bit < w.bits(); bit++) {
                    long at = (long) i * w.bits() + bit;
                    long word = words[row * w.w().dim(1) + (int) (at / 32)];
                    q |= (word >> (at % 32) & 1) << bit;
                }
                int g = row * (k / w.group()) + i / w.group();
                values[row][i] = scales[g] * q + biases[g];
            }
        }
        return values;
    }

    static double[] matmul(Tensor x, Weights w) {
        double[] in = x.toDoubles();
        double[][] rows = dequantized(w);
        int k = w.inputs();
        double[] out = new double[x.dim(0) * rows.length];
        for (int m = 0; m < x.dim(0); m++) {
            for (int n = 0; n < rows.length; n++) {
                for (int i = 0; i < k; i++) {
                    out[m * rows.length + n] += in[m * k + i] * rows[n][i];
                }
            }
        }
        return out;
    }

    static double[] softmax(Tensor x) {
        double[] v = x.toDoubles();
        int n = x.dim(1);
        for (int start = 0; start < v.length; start += n) {
            double most = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < n; i++) {
                most = Math.max(most, v[start + i]);
            }
            double sum = 0;
            for (int i = 0; i < n; i++) {
                v[start + i] = Math.exp(v[start + i] - most);
                sum += v[start + i];
            }
            for (int i = 0; i < n; i++) {
                v[start + i] /= sum;
            }
        }
        return v;
    }

    static double[] rmsNorm(double[] x, Tensor weight, double eps) {
        double[] w = weight.toDoubles();
        double[] out = new double[x.length];
        for (int start = 0; start < x.length; start += w.length) {
            double squares = 0;
            for (int i = 0; i < w.length; i++) {
                squares += x[start + i] * x[start + i];
            }
            double scale = 1 / Math.sqrt(squares / w.length + eps);
            for (int i = 0; i < w.length; i++) {
                out[start + i] = x[start + i] * scale * w[i];
            }
        }
        return out;
    }

    static double[] rope(Tensor x, int offset, double theta, boolean traditional) {
        double[] v = x.toDoubles();
        double[] out = v.clone();
        int length = x.dim(2);
        int dim = x.dim(3);
        for (int row = 0; row < v.length / dim; row++) {
            for (int i = 0; i < dim / 2; i++) {
                double angle = (offset + row % length) * Math.pow(theta, -2.0 * i / dim);
                int a = row * dim + (traditional ? 2 * i : i);
                int b = row * dim + (traditional ? 2 * i + 1 : i + dim / 2);
                out[a] = v[a] * Math.cos(angle) - v[b] * Math.sin(angle);
                out[b] = v[a] * Math.sin(angle) + v[b] * Math.cos(angle);
            }
        }
        return out;
    }

    static double[] swiglu(Tensor gate, Tensor up) {
        double[] g = gate.toDoubles();
        double[] u = up.toDoubles();
        for (int i = 0; i < g.length; i++) {
            g[i] = g[i] / (1 + Math.exp(-g[i])) * u[i];
        }
        return g;
    }

    /** q [B, Hq, L, D]. */
    static double[] attention(Tensor q, Tensor k, Tensor v, double scale, boolean causal) {
        return attention(q, k, v, null, scale, causal);
    }

    /** mask of q's rows: [B, Hq, L, S], or null. */
    static double[] attention(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale, boolean causal) {
        double @Nullable [] added = mask == null ? null : mask.toDoubles();
        int heads = q.dim(1);
        int length = q.dim(2);
        int dim = q.dim(3);
        int keyHeads = k.dim(1);
        int keys = k.dim(2);
        double[] qs = q.toDoubles();
        double[] ks = k.toDoubles();
        double[] vs = v.toDoubles();
        double[] out = new double[qs.length];
        for (int row = 0; row < q.dim(0) * heads * length; row++) {
            int batch = row / (heads * length);
            int head = row / length % heads;
            int position = row % length;
            int from = (batch * keyHeads + head / (heads / keyHeads)) * keys;
            int visible = causal ? keys - length + position + 1 : keys;
            double[] weights = new double[visible];
            double most = Double.NEGATIVE_INFINITY;
            for (int s = 0; s < visible; s++) {
                for (int d = 0; d < dim; d++) {
                    weights[s] += qs[row * dim + d] * ks[(from + s) * dim + d] * scale;
                }
                weights[s] += added == null ? 0 : added[row * keys + s];
                most = Math.max(most, weights[s]);
            }
            double sum = 0;
            for (int s = 0; s < visible; s++) {
                weights[s] = Math.exp(weights[s] - most);
                sum += weights[s];
            }
            for (int s = 0; s < visible; s++) {
                for (int d = 0; d < dim; d++) {
                    out[row * dim + d] += weights[s] / sum * vs[(from + s) * dim + d];
                }
            }
        }
        return out;
    }
}
