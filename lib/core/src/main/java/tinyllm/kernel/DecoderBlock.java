package tinyllm.kernel;

import java.util.Arrays;
import tinyllm.natives.kernels.BlockKernel;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Tensor;

/**
 * A whole block as one operation: norm and projections, attention over the cache, output projection and residual, norm, gate and up, down
 * and residual. Bit for bit what its parts give one after the other; a step of decoding is so short that what stands between five
 * operations is felt. Built once per layer; immutable.
 */
public final class DecoderBlock {
    private final CachedAttention attention;
    private final BlockKernel kernel;
    private final int width;

    /** @throws IllegalArgumentException when the parts do not fit each other */
    public DecoderBlock(
            QuantizedMatmul projections,
            CachedAttention attention,
            QuantizedMatmul output,
            QuantizedMatmul gateUp,
            QuantizedMatmul down) {
        this.attention = attention;
        this.width = cols(projections);
        int[] widths = attention.widths();
        if (projections.outputs() != widths[0]
                || cols(output) != widths[1]
                || output.outputs() != width
                || cols(gateUp) != width
                || cols(down) != gateUp.outputs()
                || down.outputs() != width) {
            throw new IllegalArgumentException("the parts of a block do not fit each other: from " + width
                    + " values to " + projections.outputs() + " for an attention that takes " + widths[0] + ", from "
                    + cols(output) + " to " + output.outputs() + ", from " + cols(gateUp) + " to " + gateUp.outputs()
                    + ", and from " + cols(down) + " to " + down.outputs());
        }
        this.kernel = new BlockKernel(
                projections.kernel(), attention.kernel(), output.kernel(), gateUp.kernel(), down.kernel());
    }

    private static int cols(QuantizedMatmul matmul) {
        return matmul.weights().getFirst().form().cols();
    }

    /**
     * @param x {@code [..., E]}, L tokens
     * @param position of the first one; the storage has room for position + L
     * @return of x's shape, lazy: the keys and values are written when it is computed
     */
    public Tensor apply(Tensor x, RopeTable table, KvStorage storage, int position) {
        int tokens = rows(x);
        check(storage.kvHeads(), storage.headDim());
        CachedAttention.checkRoom(storage, position, tokens);
        table.reserve(position + tokens);
        return DeviceThread.apply(
                "block",
                (call, in) -> kernel.apply(in[0], in[1], in[2], storage.pages(), position, call.stream()),
                x,
                table.cosines(),
                table.sines());
    }

    /**
     * The same for many sequences over pages.
     *
     * @param x {@code [..., E]} with the rows of the tables
     */
    public Tensor apply(Tensor x, RopeTable table, BlockTables tables, int layer) {
        PageForm form = tables.memory().form();
        check(form.kvHeads(), form.headDim());
        CachedAttention.checkRows(rows(x), tables, layer);
        table.reserve(tables.positions());
        return DeviceThread.apply(
                "block",
                (call, in) -> kernel.apply(in[0], in[1], in[2], tables.tables(), layer, call.stream()),
                x,
                table.cosines(),
                table.sines());
    }

    private int rows(Tensor x) {
        if (x.rank() < 2 || x.dim(-1) != width || x.size() == 0) {
            throw new IllegalArgumentException("block: x has shape " + Arrays.toString(x.shape())
                    + ", and the block reads rows of " + width + " values");
        }
        return Math.toIntExact(x.size() / width);
    }

    private void check(int kvHeads, int headDim) {
        if (!attention.fits(kvHeads, headDim)) {
            throw new IllegalArgumentException(
                    "block: a cache of " + kvHeads + " heads of " + headDim + " components is another model's");
        }
    }
}
