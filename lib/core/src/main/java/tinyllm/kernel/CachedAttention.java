package tinyllm.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tinyllm.natives.kernels.AttentionKernel;
import tinyllm.tensor.DType;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Tensor;

/**
 * One layer's attention over a cache, in one pass: norms of the heads (Qwen3), rotary embedding, the new keys and values written behind
 * the old ones, and causal attention over all. A token's result depends on the tokens before it alone, bit for bit, whatever the chunk
 * it came in. Immutable.
 */
public final class CachedAttention {
    private final int heads;
    private final int kvHeads;
    private final int headDim;
    private final AttentionKernel kernel;

    /** @param neighbours true when rotary pairs are neighbours, false for halves */
    public CachedAttention(int heads, int kvHeads, int headDim, boolean neighbours, double scale) {
        if (kvHeads < 1 || heads % kvHeads != 0 || headDim < 2 || headDim % 2 != 0) {
            throw new IllegalArgumentException(heads + " query heads, " + kvHeads + " KV heads and a head dimension of "
                    + headDim + " do not fit: heads are a multiple of KV heads, the dimension is even");
        }
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.kernel = new AttentionKernel(heads, kvHeads, headDim, neighbours, (float) scale);
    }

    /** Adds RMSNorm of each head of Q and K; both {@code [D]}, or both null. */
    public CachedAttention withNorms(@Nullable Tensor q, @Nullable Tensor k, double eps) {
        if (q != null && k != null) {
            Tensor qNorm = q.astype(DType.F32).contiguous().eval();
            Tensor kNorm = k.astype(DType.F32).contiguous().eval();
            if (qNorm.size() != headDim || kNorm.size() != headDim) {
                throw new IllegalArgumentException("the norms of heads have " + qNorm.size() + " and " + kNorm.size()
                        + " values, and a head has " + headDim);
            }
            DeviceThread.run("attention", (call, in) -> kernel.set_norms(in[0], in[1], (float) eps), qNorm, kNorm);
        }
        return this;
    }

    /**
     * @param qkv {@code [..., (H_q + 2 H_kv) · D]}, L tokens
     * @param position of the first one; the storage has room for position + L
     * @return {@code [..., H_q · D]}, lazy: the keys and values are written when it is computed
     */
    public Tensor apply(Tensor qkv, RopeTable table, KvStorage storage, int position) {
        int width = (heads + 2 * kvHeads) * headDim;
        if (qkv.rank() < 2 || qkv.dim(-1) != width || storage.kvHeads() != kvHeads || storage.headDim() != headDim) {
            throw new IllegalArgumentException("attention: qkv of shape " + Arrays.toString(qkv.shape())
                    + " over a cache of " + storage.kvHeads() + " heads of " + storage.headDim() + " does not fit "
                    + heads + " query heads and " + kvHeads + " KV heads of " + headDim + " (" + width + " values)");
        }
        int tokens = Math.toIntExact(qkv.size() / width);
        checkRoom(storage, position, tokens);
        table.reserve(position + tokens);
        return DeviceThread.apply(
                "attention",
                (call, in) -> kernel.apply(in[0], in[1], in[2], storage.pages(), position, call.stream()),
                qkv,
                table.cosines(),
                table.sines());
    }

    /**
     * The same for many sequences over pages.
     *
     * @param qkv {@code [..., (H_q + 2 H_kv) · D]} with the rows of the tables
     * @return {@code [..., H_q · D]}, zeros in idle rows; lazy: the keys and values are written when it is computed
     */
    public Tensor apply(Tensor qkv, RopeTable table, BlockTables tables, int layer) {
        PageForm form = tables.memory().form();
        int width = (heads + 2 * kvHeads) * headDim;
        if (qkv.rank() < 2 || qkv.dim(-1) != width || form.kvHeads() != kvHeads || form.headDim() != headDim) {
            throw new IllegalArgumentException("attention: qkv of shape " + Arrays.toString(qkv.shape())
                    + " over pages of "
                    + form.kvHeads() + " heads of " + form.headDim() + " does not fit " + heads + " query heads and "
                    + kvHeads + " KV heads of " + headDim + " (" + width + " values)");
        }
        checkRows(qkv.size() / width, tables, layer);
        table.reserve(tables.positions());
        return DeviceThread.apply(
                "attention",
                (call, in) -> kernel.apply(in[0], in[1], in[2], tables.tables(), layer, call.stream()),
                qkv,
                table.cosines(),
                table.sines());
    }

    static void checkRoom(KvStorage storage, int position, int tokens) {
        if (position < 0 || position + tokens > storage.capacity()) {
            throw new IllegalArgumentException("attention: " + tokens + " tokens from position " + position
                    + " on do not fit into a cache of " + storage.capacity());
        }
    }

    static void checkRows(long rows, BlockTables tables, int layer) {
        if (rows != tables.rows()) {
            throw new IllegalArgumentException(
                    "attention: qkv has " + rows + " rows, and the block tables are of " + tables.rows());
        }
        tables.memory().checkLayer(layer);
    }

    AttentionKernel kernel() {
        return kernel;
    }

    /** Values of a row of Q, K and V together, and of one of the result. */
    int[] widths() {
        return new int[] {(heads + 2 * kvHeads) * headDim, heads * headDim};
    }

    boolean fits(int storedKvHeads, int storedHeadDim) {
        return storedKvHeads == kvHeads && storedHeadDim == headDim;
    }
}
