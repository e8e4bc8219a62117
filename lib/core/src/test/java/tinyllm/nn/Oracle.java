package tinyllm.nn;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/** The layers once more as plain loops in double precision: slow, obvious, and independent of any array library. */
final class Oracle {

    private Oracle() {}

    static double[] random(long seed, int count, double spread) {
        Random random = new Random(seed);
        return random.doubles(count).map(x -> (x * 2 - 1) * spread).toArray();
    }

    /** What the tensor really holds, so that the oracle starts from the same rounded numbers. */
    static double[] held(Tensor t) {
        return t.toDoubles();
    }

    static double[] fill(int count, IntToDoubleFunction f) {
        double[] out = new double[count];
        for (int i = 0; i < count; i++) {
            out[i] = f.applyAsDouble(i);
        }
        return out;
    }

    static void softmaxRow(double[] row) {
        double max = Double.NEGATIVE_INFINITY;
        for (double x : row) {
            max = Math.max(max, x);
        }
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            row[i] = Math.exp(row[i] - max);
            sum += row[i];
        }
        for (int i = 0; i < row.length; i++) {
            row[i] /= sum;
        }
    }

    /** [B, Hq, L, D], [B, Hkv, S, D] to [B, Hq, L, D]; mask is [L, S] or null. */
    static double[] attention(
            double[] q,
            double[] k,
            double[] v,
            double @Nullable [] mask,
            double scale,
            int b,
            int hq,
            int hkv,
            int l,
            int s,
            int d) {
        double[] out = new double[b * hq * l * d];
        for (int bh = 0; bh < b * hq; bh++) {
            int kv = (bh / hq) * hkv + (bh % hq) / (hq / hkv);
            for (int i = 0; i < l; i++) {
                double[] row = new double[s];
                for (int j = 0; j < s; j++) {
                    for (int x = 0; x < d; x++) {
                        row[j] += q[(bh * l + i) * d + x] * k[(kv * s + j) * d + x];
                    }
                    row[j] = row[j] * scale + (mask == null ? 0 : mask[i * s + j]);
                }
                softmaxRow(row);
                for (int j = 0; j < s; j++) {
                    for (int x = 0; x < d; x++) {
                        out[(bh * l + i) * d + x] += row[j] * v[(kv * s + j) * d + x];
                    }
                }
            }
        }
        return out;
    }

    static double[] causal(int l, int s) {
        return fill(l * s, n -> n % s <= n / s + (s - l) ? 0 : Double.NEGATIVE_INFINITY);
    }

    /** x is [N, L, D]. */
    static double[] rope(double[] x, int n, int l, int d, int offset, double theta, boolean traditional) {
        double[] out = new double[x.length];
        for (int row = 0; row < n * l; row++) {
            int position = row % l + offset;
            for (int i = 0; i < d / 2; i++) {
                double angle = position * Math.pow(theta, -2.0 * i / d);
                int a = row * d + (traditional ? 2 * i : i);
                int b = row * d + (traditional ? 2 * i + 1 : i + d / 2);
                out[a] = x[a] * Math.cos(angle) - x[b] * Math.sin(angle);
                out[b] = x[a] * Math.sin(angle) + x[b] * Math.cos(angle);
            }
        }
        return out;
    }

    static double[] rmsNorm(double[] x, double[] weight, double eps) {
        int e = weight.length;
        double[] out = new double[x.length];
        for (int row = 0; row < x.length / e; row++) {
            double squares = 0;
            for (int i = 0; i < e; i++) {
                squares += x[row * e + i] * x[row * e + i];
            }
            double inverse = 1 / Math.sqrt(squares / e + eps);
            for (int i = 0; i < e; i++) {
                out[row * e + i] = x[row * e + i] * inverse * weight[i];
            }
        }
        return out;
    }

    static double silu(double x) {
        return x >= 0 ? x / (1 + Math.exp(-x)) : x * Math.exp(x) / (1 + Math.exp(x));
    }

    /** x [N, in] times w [out, in] transposed, plus bias or null. */
    static double[] linear(double[] x, double[] w, double @Nullable [] bias, int in, int out) {
        int n = x.length / in;
        double[] y = new double[n * out];
        for (int row = 0; row < n; row++) {
            for (int o = 0; o < out; o++) {
                double sum = bias == null ? 0 : bias[o];
                for (int i = 0; i < in; i++) {
                    sum += x[row * in + i] * w[o * in + i];
                }
                y[row * out + o] = sum;
            }
        }
        return y;
    }
}
