package tinyllm.kernel;

/**
 * What a page of keys and values looks like.
 *
 * @param layers of the model
 * @param kvHeads of a layer
 * @param headDim components of a head, 2 to 1024
 * @param pageTokens tokens of a page, a multiple of 16 up to 1024
 * @param keys how a key's numbers are stored
 * @param values how a value's are
 * @param beforeRotation keys are stored before their rotary embedding and without their projection's bias, and get both when they are
 *     read: what is left is small and evenly spread, so that few bits tell it
 */
public record PageForm(
        int layers, int kvHeads, int headDim, int pageTokens, KvKind keys, KvKind values, boolean beforeRotation) {

    /** Components of a token that share a scale and a zero. */
    public static final int GROUP = 64;

    public PageForm {
        if (layers < 1 || kvHeads < 1 || headDim < 2 || headDim > 1024) {
            throw new IllegalArgumentException(layers + " layers with " + kvHeads + " KV heads of " + headDim
                    + " components have no pages; a head has 2 to 1024");
        }
        if (pageTokens < 16 || pageTokens % 16 != 0 || pageTokens > 1024) {
            throw new IllegalArgumentException("a page holds a multiple of 16 tokens, 1024 at most, not " + pageTokens);
        }
        if (beforeRotation && headDim % 2 != 0) {
            throw new IllegalArgumentException(
                    "keys of " + headDim + " components can't be rotated: the number has to be even");
        }
    }

    /** Keys and values of one kind; quantized keys are stored before their rotation. */
    public PageForm(int layers, int kvHeads, int headDim, int pageTokens, KvKind kind) {
        this(layers, kvHeads, headDim, pageTokens, kind, kind, kind.isQuantized());
    }

    /** Bytes of one page in all layers. */
    public long pageBytes() {
        return layers * layerBytes();
    }

    /** Bytes of one layer's part of a page: keys, then values. */
    long layerBytes() {
        int dim = storedDim();
        return (long) kvHeads * pageTokens * (tokenBytes(keys, dim) + tokenBytes(values, dim));
    }

    /** Components of a head in memory: padded to a multiple of 16, or of 32 with 4 bits. */
    int storedDim() {
        int step = keys == KvKind.INT4 || values == KvKind.INT4 ? 32 : 16;
        return Math.ceilDiv(headDim, step) * step;
    }

    private static long tokenBytes(KvKind kind, int dim) {
        long scales = kind.isQuantized() ? 4L * Math.ceilDiv(dim, GROUP) : 0;
        return (long) dim * kind.bits() / 8 + scales;
    }
}
