package tinyllm.arrays;

import java.util.Arrays;
import tinyllm.course.ReferenceUse;

/** Tiles of 64 keys; of the scores one tile's row for one query is there at a time. */
public final class TiledAttention implements TiledAttentionFn {
    private static final int TILE = 64;

    @Override
    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        ReferenceUse.note("2.4 tiled");
        int d = shape.headDim();
        float[] out = new float[shape.heads() * shape.queries() * d];
        float[] scores = new float[TILE];
        float[] weighted = new float[d];
        for (int h = 0; h < shape.heads(); h++) {
            int keysAt = shape.kvHead(h) * shape.keys() * d;
            for (int i = 0; i < shape.queries(); i++) {
                int queryAt = (h * shape.queries() + i) * d;
                float max = Float.NEGATIVE_INFINITY;
                float sum = 0;
                Arrays.fill(weighted, 0);
                for (int first = 0; first < shape.seen(i); first += TILE) {
                    int n = Math.min(TILE, shape.seen(i) - first);
                    float larger = max;
                    for (int j = 0; j < n; j++) {
                        scores[j] = shape.scale() * dot(q, queryAt, k, keysAt + (first + j) * d, d);
                        larger = Math.max(larger, scores[j]);
                    }
                    float factor = (float) Math.exp(max - larger);
                    max = larger;
                    sum = factor * sum + add(weighted, factor, scores, n, max, v, keysAt + first * d);
                }
                for (int c = 0; c < d; c++) {
                    out[queryAt + c] = weighted[c] / sum;
                }
            }
        }
        return out;
    }

    private static float dot(float[] a, int aAt, float[] b, int bAt, int d) {
        float sum = 0;
        for (int c = 0; c < d; c++) {
            sum += a[aAt + c] * b[bAt + c];
        }
        return sum;
    }

    /** Scales what was there, adds a tile's values by their weights, and gives the sum of the weights. */
    private static float add(
            float[] weighted, float factor, float[] scores, int n, float max, float[] v, int valuesAt) {
        int d = weighted.length;
        for (int c = 0; c < d; c++) {
            weighted[c] *= factor;
        }
        float sum = 0;
        for (int j = 0; j < n; j++) {
            float weight = (float) Math.exp(scores[j] - max);
            sum += weight;
            for (int c = 0; c < d; c++) {
                weighted[c] += weight * v[valuesAt + j * d + c];
            }
        }
        return sum;
    }
}
