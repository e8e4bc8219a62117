package tinyllm.kernel;

import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** Cosines and sines of the rotary embedding for positions from 0 on, in float32 of double angles; grows by steps. One per model. */
public final class RopeTable {
    private static final int STEP = 512;

    private final int half;
    private final double theta;
    private float[] cosines = {};
    private float[] sines = {};
    private int positions;
    private Tensor cosineTensor = Tensor.of(new float[1]);
    private Tensor sineTensor = cosineTensor;

    public RopeTable(int headDim, double theta) {
        if (headDim < 2 || headDim % 2 != 0 || !(theta > 0) || Double.isInfinite(theta)) {
            throw new IllegalArgumentException(
                    "a rotary embedding needs an even head dimension and a positive theta, not " + headDim + " and "
                            + theta);
        }
        this.half = headDim / 2;
        this.theta = theta;
    }

    /** Makes sure that positions 0 … count − 1 are there. */
    public synchronized void reserve(int count) {
        if (count <= positions) {
            return;
        }
        int target = (count + STEP - 1) / STEP * STEP;
        cosines = java.util.Arrays.copyOf(cosines, target * half);
        sines = java.util.Arrays.copyOf(sines, target * half);
        for (int i = 0; i < half; i++) {
            double frequency = Math.pow(theta, -(double) i / half);
            for (int p = positions; p < target; p++) {
                cosines[p * half + i] = (float) Math.cos(p * frequency);
                sines[p * half + i] = (float) Math.sin(p * frequency);
            }
        }
        positions = target;
        cosineTensor = Scope.escape(Tensor.of(cosines, target, half));
        sineTensor = Scope.escape(Tensor.of(sines, target, half));
    }

    /** {@code [positions, D / 2]} */
    synchronized Tensor cosines() {
        return cosineTensor;
    }

    /** {@code [positions, D / 2]} */
    synchronized Tensor sines() {
        return sineTensor;
    }

    /** Cosines or sines of positions first … first + count − 1, {@code [count, D / 2]}. */
    public synchronized Tensor[] at(int first, int count) {
        reserve(first + count);
        return new Tensor[] {cosineTensor.slice(0, first, first + count), sineTensor.slice(0, first, first + count)};
    }

    /**
     * Cosines and sines of at least the positions 0 … count − 1, where sixteen neighbours lie side by side.
     *
     * @return {@code [positions / 16, D / 2, 16]} each, computed
     */
    synchronized Tensor[] byBlocks(int count) {
        reserve(Math.max(1, count));
        return new Tensor[] {byBlocks(cosines), byBlocks(sines)};
    }

    private Tensor byBlocks(float[] angles) {
        float[] blocks = new float[angles.length];
        for (int p = 0; p < positions; p++) {
            for (int i = 0; i < half; i++) {
                blocks[(p / 16 * half + i) * 16 + p % 16] = angles[p * half + i];
            }
        }
        return Scope.escape(Tensor.of(blocks, positions / 16, half, 16)).eval();
    }

    /** Positions that are there. */
    synchronized int positions() {
        return positions;
    }
}
