package tinyllm.lab;

import java.util.Arrays;
import tinyllm.nn.RopeFn;
import tinyllm.tensor.Tensor;

/** Rotary embedding whose rows of a batch stand at positions of their own: what a padded batch needs (chapter 2.6). */
final class RowRope implements RopeFn {

    private final int[][] positions;

    /** @param positions {@code [B][L]} */
    RowRope(int[][] positions) {
        this.positions = positions;
    }

    @Override
    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) { // [B, H, L, D]
        int length = x.dim(-2);
        int half = x.dim(-1) / 2;
        float[] cosines = new float[positions.length * length * half];
        float[] sines = new float[cosines.length];
        for (int n = 0; n < cosines.length; n++) {
            int position = positions[n / (length * half)][n / half % length] + offset;
            double angle = position * Math.pow(theta, -(double) (n % half) / half);
            cosines[n] = (float) Math.cos(angle);
            sines[n] = (float) Math.sin(angle);
        }
        Tensor cos = Tensor.of(cosines, positions.length, 1, length, half);
        Tensor sin = Tensor.of(sines, positions.length, 1, length, half);
        return traditional ? neighbours(x, cos, sin) : halves(x, cos, sin);
    }

    private static Tensor halves(Tensor x, Tensor cos, Tensor sin) {
        int half = x.dim(-1) / 2;
        Tensor a = x.slice(-1, 0, half);
        Tensor b = x.slice(-1, half, 2 * half);
        return Tensor.concat(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos)));
    }

    private static Tensor neighbours(Tensor x, Tensor cos, Tensor sin) {
        int[] pairs = Arrays.copyOf(x.shape(), x.rank() + 1);
        pairs[x.rank() - 1] = x.dim(-1) / 2;
        pairs[x.rank()] = 2;
        Tensor paired = x.reshape(pairs); // [B, H, L, D/2, 2]
        Tensor a = paired.at("..., 0");
        Tensor b = paired.at("..., 1");
        return Tensor.stack(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos)))
                .reshape(x.shape());
    }
}
