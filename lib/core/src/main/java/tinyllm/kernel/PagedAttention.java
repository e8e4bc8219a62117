package tinyllm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tinyllm.tensor.Tensor;

/**
 * Attention straight from pages as calls of this lab's Metal kernels (chapter 3.2). The rows of many sequences stand one after another;
 * tables are checked here, since a GPU reads whatever page it is told. {@link CachedAttention} is the same for CPU kernels.
 */
public final class PagedAttention {

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
        int rows = check(name, q, k, v, sequences);
        Demand.that(rows <= q.dim(0), name, rows + " rows of sequences are more than q's " + q.dim(0));
        int[] seen = new int[2 * q.dim(0)]; // a row's sequence, and how many keys it sees
        int row = 0;
        for (int s = 0; s < sequences.size(); s++) {
            for (int i = 0; i < sequences.get(s).rows(); i++, row++) {
                seen[2 * row] = s;
                seen[2 * row + 1] = sequences.get(s).position() + i + 1;
            }
        }
        return KernelCall.of(
                MetalKernel.library("attention_decode.metal", name)
                        .inputs("q", "k", "v", "tables", "rows", "scale")
                        .outputs("out"),
                launch(Launch.grid(1024, q.dim(1), q.dim(0)).group(1024, 1, 1), q, k),
                q,
                k,
                v,
                tables(sequences),
                Tensor.of(seen, q.dim(0), 2),
                Tensor.scalar(scale));
    }

    /** Chunks of sequences: one threadgroup for each tile of rows and head. As {@link #decode}, but every row is some sequence's. */
    public static KernelCall prefill(Tensor q, Tensor k, Tensor v, List<Sequence> sequences, float scale) {
        String name = "attention_prefill_paged";
        int rows = check(name, q, k, v, sequences);
        Demand.that(rows == q.dim(0) && rows > 0, name, rows + " rows of sequences have to be all of q's " + q.dim(0));
        boolean large = q.dim(2) > 128;
        int groups = large ? 2 : 4;
        List<int[]> tiles = new ArrayList<>();
        int row = 0;
        for (int s = 0; s < sequences.size(); s++) {
            Sequence sequence = sequences.get(s);
            for (int first = 0; first < sequence.rows(); first += 8 * groups) {
                int count = Math.min(8 * groups, sequence.rows() - first);
                tiles.add(new int[] {s, row + first, count, sequence.position() + first});
            }
            row += sequence.rows();
        }
        return KernelCall.of(
                MetalKernel.library("attention_prefill.metal", name)
                        .inputs("q", "k", "v", "tables", "tiles", "scale")
                        .outputs("out"),
                launch(Launch.grid(32 * groups * tiles.size(), q.dim(1), 1).group(32 * groups, 1, 1), q, k)
                        .template("BK", large ? 16 : 32)
                        .template("GROUPS", groups),
                q,
                k,
                v,
                tables(sequences),
                Tensor.of(tiles.stream().flatMapToInt(Arrays::stream).toArray(), tiles.size(), 4),
                Tensor.scalar(scale));
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

    private static int check(String name, Tensor q, Tensor k, Tensor v, List<Sequence> sequences) {
        Demand.rank(name, "q", q, 3);
        Demand.floating(name, "q", q);
        Demand.rank(name, "k", k, 4);
        Demand.dtype(name, "k", k, q.dtype());
        Demand.dtype(name, "v", v, q.dtype());
        Demand.that(
                AttentionKernels.HEAD_SIZES.contains(q.dim(2)),
                name,
                "a head size of " + q.dim(2) + " is not possible; " + AttentionKernels.HEAD_SIZES + " are");
        Demand.shape(name, "k", k, k.dim(0), k.dim(1), k.dim(2), q.dim(2));
        Demand.shape(name, "v", v, k.shape());
        Demand.that(
                q.dim(1) % k.dim(1) == 0,
                name,
                q.dim(1) + " query heads can't share " + k.dim(1) + " key heads evenly");
        int rows = 0;
        for (int s = 0; s < sequences.size(); s++) {
            Sequence one = sequences.get(s);
            String problem = BlockTables.problem(
                    new BlockTables.Entry(one.pages(), one.position(), one.rows()), k.dim(0), k.dim(2));
            Demand.that(problem == null, name, "block table " + s + ": " + problem);
            rows += one.rows();
        }
        return rows;
    }
}
