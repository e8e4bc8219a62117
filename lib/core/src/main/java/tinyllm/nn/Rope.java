package tinyllm.nn;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Rotary position embedding. Angles are taken in double precision, since a float32 product loses them at large positions. */
public final class Rope implements RopeFn {

    @Override
    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) {
        ReferenceUse.note(traditional ? "1.2 both layouts" : "1.2 rope");
        check(x, offset, theta);
        int length = x.dim(-2);
        int half = x.dim(-1) / 2;
        double[] frequencies = new double[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = Math.pow(theta, -(double) i / half);
        }
        float[] cosines = new float[length * half];
        float[] sines = new float[length * half];
        for (int p = 0; p < length; p++) {
            for (int i = 0; i < half; i++) {
                double angle = (p + offset) * frequencies[i];
                cosines[p * half + i] = (float) Math.cos(angle);
                sines[p * half + i] = (float) Math.sin(angle);
            }
        }
        Tensor cos = Tensor.of(cosines, length, half);
        Tensor sin = Tensor.of(sines, length, half);
        Tensor wide = x.astype(DType.F32);
        return (traditional ? neighbours(wide, cos, sin) : halves(wide, cos, sin)).astype(x.dtype());
    }

    private static Tensor halves(Tensor x, Tensor cos, Tensor sin) {
        int half = x.dim(-1) / 2;
        Tensor a = x.slice(-1, 0, half);
        Tensor b = x.slice(-1, half, 2 * half);
        return Tensor.concat(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos)));
    }

    private static Tensor neighbours(Tensor x, Tensor cos, Tensor sin) {
        int[] pairs = java.util.Arrays.copyOf(x.shape(), x.rank() + 1);
        pairs[x.rank() - 1] = x.dim(-1) / 2;
        pairs[x.rank()] = 2;
        Tensor paired = x.reshape(pairs); // [..., L, D/2, 2]
        Tensor a = paired.at("..., 0");
        Tensor b = paired.at("..., 1");
        return Tensor.stack(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos)))
                .reshape(x.shape());
    }

    private static void check(Tensor x, int offset, double theta) {
        if (x.rank() < 2 || x.dim(-1) % 2 != 0) {
            throw new IllegalArgumentException(
                    "rope rotates pairs: x must be [..., L, D] with an even D, but has shape "
                            + java.util.Arrays.toString(x.shape()));
        }
        if (offset < 0) {
            throw new IllegalArgumentException("the position offset must be 0 or more, but is " + offset);
        }
        if (!(theta > 0) || Double.isInfinite(theta)) {
            throw new IllegalArgumentException("theta must be a positive number, but is " + theta);
        }
    }
}
