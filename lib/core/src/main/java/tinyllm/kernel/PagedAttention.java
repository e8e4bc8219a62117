package tinyllm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tinyllm.tensor.Tensor;

/**
 * Attention straight from pages as calls of this lab's Metal kernels (chapter 3.2), over numbers in tensors or over {@link CodedPages}. The
 * rows of many sequences stand one after another; tables are checked here, since a GPU reads whatever page it is told. {@link
 * CachedAttention} is the same for CPU kernels.
 */
public final class PagedAttention {
    private static final String DECODE = "attention_decode.metal";
    private static final String PREFILL = "attention_prefill.metal";

    /**
     * One sequence of a call.
     *
     * @param pages the pages of its tokens from position 0 on
     * @param position of the first of its rows, which sees the keys up to itself; each row after it sees one more
     * @param rows how many there are; none for a sequence that waits
     */
    public record Sequence(int[] pages, int position, int rows) {}

    private PagedAttention() {}

    /**
     * A few rows of each sequence: one threadgroup for each row and head.
     *
     * @param q {@code [R, H_q, D]}, F32, F16 or BF16; rows behind those of the sequences are idle and give zeros
     * @param k {@code [pages, H_kv, page tokens, D]} of q's dtype, as v
     * @return a call that gives {@code [R, H_q, D]}
     */
    public static KernelCall decode(Tensor q, Tensor k, Tensor v, List<Sequence> sequences, float scale) {
        String name = "attention_decode_paged";
        check(name, q, k, v);
        checkTables(name, sequences, k.dim(0), k.dim(2));
        return KernelCall.of(
                MetalKernel.library(DECODE, name)
                        .inputs("q", "k", "v", "tables", "rows", "scale")
                        .outputs("out"),
                launch(rowGrid(q), q, k),
                q,
                k,
                v,
                tables(sequences),
                rows(name, q, sequences),
                Tensor.scalar(scale));
    }

    /** The same over pages of codes; q and the result are F32, F16 or BF16, whatever the pages hold. */
    public static KernelCall decode(Tensor q, CodedPages pages, int layer, List<Sequence> sequences, float scale) {
        String name = "attention_decode_codes";
        check(name, q, pages, layer);
        checkTables(name, sequences, pages.pages(), pages.form().pageTokens());
        Tensor rows = rows(name, q, sequences);
        return codes(MetalKernel.library(DECODE, name), "rows", rows, rowGrid(q), q, pages, layer, sequences, scale);
    }

    /** Chunks of sequences: one threadgroup for each tile of rows and head. As {@link #decode}, but every row is some sequence's. */
    public static KernelCall prefill(Tensor q, Tensor k, Tensor v, List<Sequence> sequences, float scale) {
        String name = "attention_prefill_paged";
        check(name, q, k, v);
        checkTables(name, sequences, k.dim(0), k.dim(2));
        Tensor tiles = tiles(name, q, sequences);
        return KernelCall.of(
                MetalKernel.library(PREFILL, name)
                        .inputs("q", "k", "v", "tables", "tiles", "scale")
                        .outputs("out"),
                launch(tileGrid(q, tiles), q, k),
                q,
                k,
                v,
                tables(sequences),
                tiles,
                Tensor.scalar(scale));
    }

    /** The same over pages of codes; q and the result are F32, F16 or BF16, whatever the pages hold. */
    public static KernelCall prefill(Tensor q, CodedPages pages, int layer, List<Sequence> sequences, float scale) {
        String name = "attention_prefill_codes";
        check(name, q, pages, layer);
        checkTables(name, sequences, pages.pages(), pages.form().pageTokens());
        Tensor tiles = tiles(name, q, sequences);
        Launch grid = tileGrid(q, tiles);
        return codes(MetalKernel.library(PREFILL, name), "tiles", tiles, grid, q, pages, layer, sequences, scale);
    }

    private static KernelCall codes(
            MetalKernel kernel,
            String what,
            Tensor rows,
            Launch grid,
            Tensor q,
            CodedPages pages,
            int layer,
            List<Sequence> sequences,
            float scale) {
        int positions =
                sequences.stream().mapToInt(s -> s.position() + s.rows()).max().orElse(0);
        Tensor[] angles = pages.angles(positions);
        return KernelCall.of(
                kernel.inputs("q", "pages", "start", "bias", "cosines", "sines", "tables", what, "scale")
                        .outputs("out"),
                pages.templates(grid.output(q.dtype(), q.shape()).template("T", q.dtype())),
                q,
                pages.bytes(),
                pages.start(layer),
                pages.bias(layer),
                angles[0],
                angles[1],
                tables(sequences),
                rows,
                Tensor.scalar(scale));
    }

    private static Launch rowGrid(Tensor q) {
        return Launch.grid(1024, q.dim(1), q.dim(0)).group(1024, 1, 1);
    }

    /** Of each row its sequence, and how many keys it sees, {@code [R, 2]}. */
    private static Tensor rows(String name, Tensor q, List<Sequence> sequences) {
        int rows = rows(sequences);
        Demand.that(rows <= q.dim(0), name, rows + " rows of sequences are more than q's " + q.dim(0));
        int[] seen = new int[2 * q.dim(0)];
        int row = 0;
        for (int s = 0; s < sequences.size(); s++) {
            for (int i = 0; i < sequences.get(s).rows(); i++, row++) {
                seen[2 * row] = s;
                seen[2 * row + 1] = sequences.get(s).position() + i + 1;
            }
        }
        return Tensor.of(seen, q.dim(0), 2);
    }

    private static int rows(List<Sequence> sequences) {
        return sequences.stream().mapToInt(Sequence::rows).sum();
    }

    /** SIMD groups of a threadgroup, each with eight rows: a large head leaves memory for fewer. */
    private static int groups(Tensor q) {
        return q.dim(2) > 128 ? 2 : 4;
    }

    private static Launch tileGrid(Tensor q, Tensor tiles) {
        int groups = groups(q);
        return Launch.grid(32 * groups * tiles.dim(0), q.dim(1), 1)
                .group(32 * groups, 1, 1)
                .template("BK", groups == 2 ? 16 : 32)
                .template("GROUPS", groups);
    }

    /** Of each tile its sequence, first row, number of rows and first position, {@code [C, 4]}. */
    private static Tensor tiles(String name, Tensor q, List<Sequence> sequences) {
        int rows = rows(sequences);
        Demand.that(rows == q.dim(0) && rows > 0, name, rows + " rows of sequences have to be all of q's " + q.dim(0));
        int step = 8 * groups(q);
        List<int[]> tiles = new ArrayList<>();
        int row = 0;
        for (int s = 0; s < sequences.size(); s++) {
            Sequence sequence = sequences.get(s);
            for (int first = 0; first < sequence.rows(); first += step) {
                int count = Math.min(step, sequence.rows() - first);
                tiles.add(new int[] {s, row + first, count, sequence.position() + first});
            }
            row += sequence.rows();
        }
        return Tensor.of(tiles.stream().flatMapToInt(Arrays::stream).toArray(), tiles.size(), 4);
    }

    private static Launch launch(Launch grid, Tensor q, Tensor k) {
        return grid.output(q.dtype(), q.shape())
                .template("T", q.dtype())
                .template("D", q.dim(2))
                .template("PAGE", k.dim(2));
    }

    /** A line for each sequence, filled up with zeros that nobody reads. */
    private static Tensor tables(List<Sequence> sequences) {
        int width = sequences.stream().mapToInt(s -> s.pages().length).max().orElse(0);
        int[] all = new int[Math.max(1, sequences.size()) * Math.max(1, width)];
        for (int s = 0; s < sequences.size(); s++) {
            int[] pages = sequences.get(s).pages();
            System.arraycopy(pages, 0, all, s * width, pages.length);
        }
        return Tensor.of(all, Math.max(1, sequences.size()), Math.max(1, width));
    }

    private static void check(String name, Tensor q, Tensor k, Tensor v) {
        checkQueries(name, q);
        Demand.rank(name, "k", k, 4);
        Demand.dtype(name, "k", k, q.dtype());
        Demand.dtype(name, "v", v, q.dtype());
        Demand.shape(name, "k", k, k.dim(0), k.dim(1), k.dim(2), q.dim(2));
        Demand.shape(name, "v", v, k.shape());
        checkHeads(name, q, k.dim(1));
    }

    private static void check(String name, Tensor q, CodedPages pages, int layer) {
        PageForm form = pages.form();
        checkQueries(name, q);
        Demand.that(
                q.dim(2) == form.headDim(),
                name,
                "q has heads of " + q.dim(2) + " components, and the pages of " + form.headDim());
        Demand.that(
                layer >= 0 && layer < form.layers(), name, "layer " + layer + " is not in 0…" + (form.layers() - 1));
        checkHeads(name, q, form.kvHeads());
    }

    private static void checkQueries(String name, Tensor q) {
        Demand.rank(name, "q", q, 3);
        Demand.floating(name, "q", q);
        Demand.that(
                AttentionKernels.HEAD_SIZES.contains(q.dim(2)),
                name,
                "a head size of " + q.dim(2) + " is not possible; " + AttentionKernels.HEAD_SIZES + " are");
    }

    private static void checkHeads(String name, Tensor q, int keyHeads) {
        Demand.that(
                q.dim(1) % keyHeads == 0,
                name,
                q.dim(1) + " query heads can't share " + keyHeads + " key heads evenly");
    }

    private static void checkTables(String name, List<Sequence> sequences, int pages, int pageTokens) {
        for (int s = 0; s < sequences.size(); s++) {
            Sequence one = sequences.get(s);
            String problem = BlockTables.problem(
                    new BlockTables.Entry(one.pages(), one.position(), one.rows()), pages, pageTokens);
            Demand.that(problem == null, name, "block table " + s + ": " + problem);
        }
    }
}
