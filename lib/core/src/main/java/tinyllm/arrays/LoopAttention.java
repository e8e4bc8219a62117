package tinyllm.arrays;

/** Attention as its formula says it: a row of scores for every query, all of them there at once. What chapter 2.4 is about to avoid. */
public final class LoopAttention implements TiledAttentionFn {

    @Override
    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        int d = shape.headDim();
        float[] out = new float[shape.heads() * shape.queries() * d];
        for (int h = 0; h < shape.heads(); h++) {
            int keysAt = shape.kvHead(h) * shape.keys() * d;
            float[][] weights = new float[shape.queries()][];
            for (int i = 0; i < shape.queries(); i++) {
                weights[i] = new RowSoftmax().softmax(scores(q, (h * shape.queries() + i) * d, k, keysAt, shape, i));
            }
            for (int i = 0; i < shape.queries(); i++) {
                for (int j = 0; j < weights[i].length; j++) {
                    for (int c = 0; c < d; c++) {
                        out[(h * shape.queries() + i) * d + c] += weights[i][j] * v[keysAt + j * d + c];
                    }
                }
            }
        }
        return out;
    }

    private static float[] scores(float[] q, int queryAt, float[] k, int keysAt, AttentionShape shape, int query) {
        int d = shape.headDim();
        float[] scores = new float[shape.keys()];
        for (int j = 0; j < scores.length; j++) {
            float sum = 0;
            for (int c = 0; c < d; c++) {
                sum += q[queryAt + c] * k[keysAt + j * d + c];
            }
            scores[j] = j < shape.seen(query) ? sum * shape.scale() : Float.NEGATIVE_INFINITY;
        }
        return scores;
    }
}
