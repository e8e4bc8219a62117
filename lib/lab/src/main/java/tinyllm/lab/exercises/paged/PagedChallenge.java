package tinyllm.lab.exercises.paged;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.PagedAttention;
import tinyllm.lab.Lab;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.challenge.Launcher;
import tinyllm.lab.exercises.flash.gpu.DecodeKernels;
import tinyllm.tensor.Tensor;

/** Challenge "3.2 decode": new tokens of two sequences whose keys lie in pages of 16. */
public final class PagedChallenge {

    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int PAGE = 16;

    public static final Challenge<KernelText, PagedInputs> DECODE = Challenge.counted(
                    "3.2 decode", KernelText.class, seed -> PagedInputs.draw(seed, HEADS, KV_HEADS, PAGE, 1, lengths()))
            .title("new tokens over keys in pages")
            .size(() -> HEADS + " query heads on " + KV_HEADS + ", " + lengths()[0] + " and " + lengths()[1]
                    + " keys of " + PagedInputs.HEAD)
            .truth(PagedInputs::attention, 1e-3, 1e-4)
            .bytes(PagedChallenge::fewestBytes)
            .naive(PagedChallenge::gatherFirst)
            .yours((answer, gpu, in) -> gpu.run(PagedKernels.call(
                            answer.text(), in.q(), in.k(), in.v(), in.table(), in.counts(), PagedKernels.GROUPS))
                    .getFirst())
            .way(
                    "ours",
                    (gpu, in) -> gpu.run(PagedAttention.decode(
                                    in.q(), in.k(), in.v(), sequences(in), (float) PagedInputs.SCALE))
                            .getFirst())
            .build();

    private PagedChallenge() {}

    private static int[] lengths() {
        return Lab.quick() ? new int[] {20, 50} : new int[] {200, 300};
    }

    private static List<PagedAttention.Sequence> sequences(PagedInputs in) {
        return IntStream.range(0, in.rows())
                .mapToObj(row -> new PagedAttention.Sequence(in.pages(row), in.lengths()[row] - 1, 1))
                .toList();
    }

    /** Each sequence's pages are copied into one piece, over which chapter 2.5a's kernel walks. */
    private static Tensor gatherFirst(Launcher gpu, PagedInputs in) {
        List<Tensor> rows = new ArrayList<>();
        for (int row = 0; row < in.rows(); row++) {
            int tokens = in.lengths()[row];
            Tensor k = gpu.run(PagedKernels.gatherCall(PagedKernels.GATHER, in.k(), in.table(row), tokens))
                    .getFirst();
            Tensor v = gpu.run(PagedKernels.gatherCall(PagedKernels.GATHER, in.v(), in.table(row), tokens))
                    .getFirst();
            Tensor q = in.q().slice(0, row, row + 1).reshape(HEADS, PagedInputs.HEAD);
            rows.add(gpu.run(DecodeKernels.call(DecodeKernels.shared().text(), q, k, v, DecodeKernels.GROUPS))
                    .getFirst());
        }
        return Tensor.stack(0, rows.toArray(new Tensor[0]));
    }

    /** Everything once: queries in, results out, keys, values, tables. */
    private static long fewestBytes(PagedInputs in) {
        long tokens = IntStream.of(in.lengths()).sum();
        return 2L * in.q().nbytes() + 2 * tokens * KV_HEADS * PagedInputs.HEAD * Float.BYTES;
    }
}
