package tinyllm.lab.exercises.flash.cpu;

import java.util.Arrays;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.TiledAttentionFn;

/** The right tiled attention in steps, of which each mistake of "2.4 tiled" and "2.4 vector" replaces one. */
class AttentionSteps implements TiledAttentionFn {
    static final int TILE = 64;

    float scaled(float dot, AttentionShape shape) {
        return dot * shape.scale();
    }

    int seen(AttentionShape shape, int query) {
        return shape.seen(query);
    }

    int kvHead(AttentionShape shape, int head) {
        return shape.kvHead(head);
    }

    /** Keys that are looked at, of those that are seen. */
    int visited(int seen) {
        return seen;
    }

    /** The row of v that belongs to key j of a tile. */
    int valueRow(int first, int j) {
        return first + j;
    }

    /** Numbers of a head that scores are made of. */
    int summed(int headDim) {
        return headDim;
    }

    /** Entries of the array of scores that are used when a tile holds n keys. */
    int used(int n) {
        return n;
    }

    float start() {
        return Float.NEGATIVE_INFINITY;
    }

    float larger(float before, float ofTile) {
        return Math.max(before, ofTile);
    }

    float factor(float before, float larger) {
        return (float) Math.exp(before - larger);
    }

    float ofSum(float factor) {
        return factor;
    }

    float ofValues(float factor) {
        return factor;
    }

    float divided(float value, float sum) {
        return value / sum;
    }

    @Override
    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        int d = shape.headDim();
        float[] out = new float[shape.heads() * shape.queries() * d];
        float[] scores = new float[TILE];
        float[] weighted = new float[d];
        for (int row = 0; row < shape.heads() * shape.queries(); row++) {
            int keysAt = kvHead(shape, row / shape.queries()) * shape.keys() * d;
            int seen = visited(seen(shape, row % shape.queries()));
            Arrays.fill(weighted, 0);
            float max = start();
            float sum = 0;
            for (int first = 0; first < seen; first += TILE) {
                int n = Math.min(TILE, seen - first);
                float ofTile = Float.NEGATIVE_INFINITY;
                for (int j = 0; j < n; j++) {
                    float dot = 0;
                    for (int c = 0; c < summed(d); c++) {
                        dot += q[row * d + c] * k[keysAt + (first + j) * d + c];
                    }
                    scores[j] = scaled(dot, shape);
                    ofTile = Math.max(ofTile, scores[j]);
                }
                float larger = larger(max, ofTile);
                float factor = factor(max, larger);
                max = larger;
                sum *= ofSum(factor);
                for (int c = 0; c < d; c++) {
                    weighted[c] *= ofValues(factor);
                }
                for (int j = 0; j < used(n); j++) {
                    float weight = (float) Math.exp(scores[j] - max);
                    sum += weight;
                    for (int c = 0; c < d && j < n; c++) {
                        weighted[c] += weight * v[keysAt + valueRow(first, j) * d + c];
                    }
                }
            }
            for (int c = 0; c < d; c++) {
                out[row * d + c] = divided(weighted[c], sum);
            }
        }
        return out;
    }
}
