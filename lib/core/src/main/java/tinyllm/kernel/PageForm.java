package tinyllm.kernel;

/**
 * What a page of keys and values looks like.
 *
 * @param layers of the model
 * @param kvHeads of a layer
 * @param headDim components of a head, 2 to 1024
 * @param pageTokens tokens of a page, a multiple of 16 up to 1024
 * @param kind how a number is stored
 */
public record PageForm(int layers, int kvHeads, int headDim, int pageTokens, KvKind kind) {

    public PageForm {
        if (layers < 1 || kvHeads < 1 || headDim < 2 || headDim > 1024) {
            throw new IllegalArgumentException(layers + " layers with " + kvHeads + " KV heads of " + headDim
                    + " components have no pages; a head has 2 to 1024");
        }
        if (pageTokens < 16 || pageTokens % 16 != 0 || pageTokens > 1024) {
            throw new IllegalArgumentException("a page holds a multiple of 16 tokens, 1024 at most, not " + pageTokens);
        }
    }

    /** Bytes of one page in all layers. A head's components are padded to a multiple of 16. */
    public long pageBytes() {
        long numbers = 2L * layers * kvHeads * pageTokens * ((headDim + 15) / 16 * 16);
        return numbers * kind.bits() / 8;
    }
}
