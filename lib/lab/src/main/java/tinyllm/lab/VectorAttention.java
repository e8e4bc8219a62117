package tinyllm.lab;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.course.ReferenceUse;

/**
 * Tiled attention with the Vector API (chapter 2.4): lanes across the numbers of a head for scores and values, across keys for the
 * exponentials. Heads are a multiple of 16 numbers. Here and not in the core, for the reason that {@link VectorLinear} gives.
 */
public final class VectorAttention implements TiledAttentionFn {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = FLOATS.length();
    private static final int TILE = 64;

    @Override
    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        ReferenceUse.note("2.4 vector");
        int d = shape.headDim();
        if (d % LANES != 0) {
            throw new IllegalArgumentException(
                    "a head of " + d + " numbers does not fill this machine's " + LANES + " lanes: use TiledAttention");
        }
        float[] out = new float[shape.heads() * shape.queries() * d];
        float[] scores = new float[TILE];
        for (int row = 0; row < shape.heads() * shape.queries(); row++) {
            int keysAt = shape.kvHead(row / shape.queries()) * shape.keys() * d;
            int seen = shape.seen(row % shape.queries());
            row(q, k, v, out, scores, row * d, keysAt, seen, shape);
        }
        return out;
    }

    /** One query of one head; its result grows in its place in out. */
    private static void row(
            float[] q,
            float[] k,
            float[] v,
            float[] out,
            float[] scores,
            int at,
            int keysAt,
            int seen,
            AttentionShape s) {
        int d = s.headDim();
        float max = Float.NEGATIVE_INFINITY;
        float sum = 0;
        for (int first = 0; first < seen; first += TILE) {
            int n = Math.min(TILE, seen - first);
            int tile = keysAt + first * d;
            float larger = max;
            for (int j = 0; j < n; j++) {
                scores[j] = s.scale() * dot(q, at, k, tile + j * d, d);
                larger = Math.max(larger, scores[j]);
            }
            Arrays.fill(scores, n, TILE, Float.NEGATIVE_INFINITY); // their weight is 0
            float factor = (float) Math.exp(max - larger);
            max = larger;
            sum = factor * sum + exponentials(scores, max);
            add(out, at, factor, scores, n, v, tile, d);
        }
        for (int c = 0; c < d; c++) {
            out[at + c] /= sum;
        }
    }

    private static float dot(float[] q, int queryAt, float[] k, int keyAt, int d) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int c = 0; c < d; c += LANES) {
            sum = FloatVector.fromArray(FLOATS, q, queryAt + c).fma(FloatVector.fromArray(FLOATS, k, keyAt + c), sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /** Scores become weights, relative to the largest; gives their sum. */
    private static float exponentials(float[] scores, float max) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int j = 0; j < TILE; j += LANES) {
            FloatVector weights =
                    FloatVector.fromArray(FLOATS, scores, j).sub(max).lanewise(VectorOperators.EXP);
            weights.intoArray(scores, j);
            sum = sum.add(weights);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /** Scales what was there and adds a tile's values, some numbers of the head after the other. */
    private static void add(float[] out, int at, float factor, float[] weights, int n, float[] v, int tile, int d) {
        for (int c = 0; c < d; c += LANES) {
            FloatVector sum = FloatVector.fromArray(FLOATS, out, at + c).mul(factor);
            for (int j = 0; j < n; j++) {
                sum = FloatVector.fromArray(FLOATS, v, tile + j * d + c)
                        .fma(FloatVector.broadcast(FLOATS, weights[j]), sum);
            }
            sum.intoArray(out, at + c);
        }
    }
}
