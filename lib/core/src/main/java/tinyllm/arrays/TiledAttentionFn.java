package tinyllm.arrays;

/** Attention whose scores never exist all at once: keys pass in tiles, each query keeps an online softmax (chapter 2.4). */
@FunctionalInterface
public interface TiledAttentionFn {

    /**
     * Attends.
     *
     * @param q {@code [H, L, D]}, row-major
     * @param k {@code [H_kv, S, D]}, as v
     * @return {@code [H, L, D]}
     */
    float[] attend(float[] q, float[] k, float[] v, AttentionShape shape);
}
