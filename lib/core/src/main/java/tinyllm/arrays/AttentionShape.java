package tinyllm.arrays;

/**
 * The sizes of an attention over plain arrays.
 *
 * @param heads query heads, a multiple of kvHeads; head h reads KV head h / (heads / kvHeads)
 * @param queries L, the last positions of the keys
 * @param keys S, at least L where causal
 * @param causal query i sees the keys up to i + S − L; otherwise all
 * @param scale of the scores
 */
public record AttentionShape(int heads, int kvHeads, int queries, int keys, int headDim, boolean causal, float scale) {

    public AttentionShape {
        if (kvHeads < 1 || heads < 1 || heads % kvHeads != 0 || headDim < 1 || queries < 1 || keys < 1) {
            throw new IllegalArgumentException(heads + " query heads, " + kvHeads + " KV heads, " + queries
                    + " queries, " + keys + " keys and heads of " + headDim + " numbers don't make an attention");
        }
        if (causal && queries > keys) {
            throw new IllegalArgumentException(queries + " queries cannot be the last positions of " + keys + " keys");
        }
    }

    /** Keys that query i sees. */
    public int seen(int query) {
        return causal ? query + keys - queries + 1 : keys;
    }

    /** The KV head that a query head reads. */
    public int kvHead(int head) {
        return head / (heads / kvHeads);
    }
}
