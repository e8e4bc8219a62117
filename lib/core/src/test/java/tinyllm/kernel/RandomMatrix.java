package tinyllm.kernel;

import java.util.Arrays;
import java.util.Random;
import tinyllm.kernel.WeightForm.Scales;

/** A random quantized matrix, and the weights that it stands for in double precision. Scales have both signs, some groups are zero. */
final class RandomMatrix {
    final WeightForm form;
    final byte[] codes;
    final float[] scales;
    final float[] biases;
    final float[] d;
    final float[] dmin;

    RandomMatrix(WeightForm form, long seed) {
        this.form = form;
        Random random = new Random(seed);
        codes = new byte[form.rows() * form.cols()];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) random.nextInt(1 << form.bits());
        }
        boolean factors = form.scales() == Scales.FACTORS || form.scales() == Scales.FACTORS_16;
        scales = new float[form.rows() * form.groups()];
        biases = new float[scales.length];
        d = new float[form.rows() * form.factors()];
        dmin = new float[d.length];
        for (int i = 0; i < scales.length; i++) {
            int whole = form.scales() == Scales.FACTORS ? random.nextInt(64) : random.nextInt(256) - 128;
            scales[i] = factors ? whole : held(0.02 * random.nextGaussian());
            biases[i] = form.scales() == Scales.FACTORS ? random.nextInt(64) : held(0.1 * random.nextGaussian());
            if (i % 7 == 3) {
                scales[i] = 0;
                biases[i] = 0;
            }
        }
        for (int i = 0; i < d.length; i++) {
            d[i] = half(0.001 * random.nextGaussian());
            dmin[i] = half(0.001 * random.nextGaussian());
        }
    }

    private float held(double value) {
        return switch (form.scales()) {
            case BFLOAT -> Float.intBitsToFloat(Float.floatToRawIntBits((float) value) & 0xFFFF0000);
            case FLOAT -> (float) value;
            default -> half(value);
        };
    }

    private static float half(double value) {
        return Float.float16ToFloat(Float.floatToFloat16((float) value));
    }

    PackedWeight packed() {
        return PackedWeight.pack(form, this::read, null);
    }

    void read(int first, int count, byte[] c, float[] s, float[] b, float[] df, float[] dm) {
        System.arraycopy(codes, first * form.cols(), c, 0, count * form.cols());
        System.arraycopy(scales, first * form.groups(), s, 0, count * form.groups());
        System.arraycopy(biases, first * form.groups(), b, 0, count * form.groups());
        System.arraycopy(d, first * form.factors(), df, 0, count * form.factors());
        System.arraycopy(dmin, first * form.factors(), dm, 0, count * form.factors());
    }

    double weight(int row, int col) {
        int g = row * form.groups() + col / form.groupSize();
        int f = row * form.factors() + col / 256;
        int code = codes[row * form.cols() + col] & 0xFF;
        int zero = 1 << form.bits() - 1;
        return switch (form.scales()) {
            case CENTERED -> (double) scales[g] * (code - zero);
            case FACTORS -> (double) d[f] * scales[g] * code - (double) dmin[f] * biases[g];
            case FACTORS_16 -> (double) d[f] * scales[g] * (code - zero);
            default -> (double) scales[g] * code + biases[g];
        };
    }

    /** {@code [rows of x, rows]}, in double precision. */
    double[] times(float[] x) {
        int cols = form.cols();
        double[] out = new double[x.length / cols * form.rows()];
        double[] row = new double[cols];
        for (int r = 0; r < form.rows(); r++) {
            for (int c = 0; c < cols; c++) {
                row[c] = weight(r, c);
            }
            for (int m = 0; m < x.length / cols; m++) {
                double sum = 0;
                for (int c = 0; c < cols; c++) {
                    sum += row[c] * x[m * cols + c];
                }
                out[m * form.rows() + r] = sum;
            }
        }
        return out;
    }

    /** What int8 blocks make of activations: the kernel's only approximation, besides float32 sums. */
    static float[] asInt8Blocks(float[] x) {
        float[] out = x.clone();
        for (int at = 0; at < x.length; at += 32) {
            float largest = 0;
            for (float v : Arrays.copyOfRange(x, at, at + 32)) {
                largest = Math.max(largest, Math.abs(v));
            }
            for (int i = at; i < at + 32; i++) {
                out[i] = largest > 1e-30f ? (float) Math.rint(x[i] * (127 / largest)) * (largest / 127) : 0;
            }
        }
        return out;
    }
}
