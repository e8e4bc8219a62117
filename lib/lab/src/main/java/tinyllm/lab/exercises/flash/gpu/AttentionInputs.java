package tinyllm.lab.exercises.flash.gpu;

import tinyllm.lab.check.Draw;
import tinyllm.tensor.Tensor;

/**
 * Queries, keys and values of one sequence, for the kernels of chapters 2.5a and 2.5b; and their attention in double precision.
 *
 * @param q {@code [H_q, L, D]}
 * @param k {@code [H_kv, S, D]}
 * @param v {@code [H_kv, S, D]}
 */
record AttentionInputs(Tensor q, Tensor k, Tensor v) {

    /** Components of a head in both chapters. */
    static final int HEAD = 64;

    /** Scores are products of queries and keys times this. */
    static final double SCALE = 1 / Math.sqrt(HEAD);

    /** @param size standard deviation of the queries: 60 makes scores of hundreds */
    static AttentionInputs draw(long seed, int heads, int kvHeads, int queries, int keys, double size) {
        Draw draw = new Draw(seed);
        return new AttentionInputs(
                draw.scaled(size, heads, queries, HEAD),
                draw.normal(kvHeads, keys, HEAD),
                draw.normal(kvHeads, keys, HEAD));
    }

    int heads() {
        return q.dim(0);
    }

    int queries() {
        return q.dim(1);
    }

    int keys() {
        return k.dim(1);
    }

    /** The one query of each head, {@code [H_q, D]}. */
    Tensor row() {
        return q.reshape(heads(), HEAD);
    }

    /** {@code [1, H, n, D]}, as a model has them. */
    static Tensor batched(Tensor t) {
        return t.reshape(1, t.dim(0), t.dim(1), HEAD);
    }

    /**
     * {@code [H_q, L, D]}, query by query.
     *
     * @param causal whether query i, at position S − L + i, sees the keys up to there alone
     */
    Tensor attention(boolean causal) {
        int share = heads() / k.dim(0);
        float[] queries = q.toFloats();
        float[] keys = k.toFloats();
        float[] values = v.toFloats();
        float[] out = new float[queries.length];
        for (int row = 0; row < heads() * queries(); row++) {
            int start = row / queries() / share * keys() * HEAD;
            int seen = causal ? keys() - queries() + row % queries() + 1 : keys();
            double[] result = one(queries, row * HEAD, keys, values, start, seen);
            for (int d = 0; d < HEAD; d++) {
                out[row * HEAD + d] = (float) result[d];
            }
        }
        return Tensor.of(out, q.shape());
    }

    private static double[] one(float[] q, int at, float[] k, float[] v, int start, int seen) {
        double[] scores = new double[seen];
        double largest = Double.NEGATIVE_INFINITY;
        for (int s = 0; s < seen; s++) {
            for (int d = 0; d < HEAD; d++) {
                scores[s] += (double) q[at + d] * k[start + s * HEAD + d];
            }
            scores[s] *= SCALE;
            largest = Math.max(largest, scores[s]);
        }
        double sum = 0;
        double[] values = new double[HEAD];
        for (int s = 0; s < seen; s++) {
            double weight = Math.exp(scores[s] - largest);
            sum += weight;
            for (int d = 0; d < HEAD; d++) {
                values[d] += weight * v[start + s * HEAD + d];
            }
        }
        for (int d = 0; d < HEAD; d++) {
            values[d] /= sum;
        }
        return values;
    }
}
