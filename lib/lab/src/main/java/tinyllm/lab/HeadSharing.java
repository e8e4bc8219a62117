package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.lab.chart.WirePainter;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.tensor.Tensor;

/**
 * Which query head reads which KV head, found by trying: one KV head is changed, and every query head whose result changes reads it
 * (chapter 1.3).
 */
public final class HeadSharing {

    private static final int TOKENS = 6;
    private static final int MOST_DRAWN = 64;

    private final boolean[][] reads; // [query head][KV head]

    private HeadSharing(boolean[][] reads) {
        this.reads = reads;
    }

    /**
     * Tries an attention over random heads of the model's sizes.
     *
     * @param attention makes the learner's object
     */
    public static HeadSharing of(Supplier<? extends GroupedAttentionFn> attention, ModelConfig config) {
        return of(attention.get(), config.numAttentionHeads(), config.numKeyValueHeads(), config.headDim());
    }

    private static HeadSharing of(GroupedAttentionFn attention, int heads, int kvHeads, int d) {
        Tensor q = Tensor.normal(1, 1, heads, TOKENS, d);
        Tensor k = Tensor.normal(2, 1, kvHeads, TOKENS, d);
        Tensor v = Tensor.normal(3, 1, kvHeads, TOKENS, d);
        double scale = 1 / Math.sqrt(d);
        float[] before = attention.attend(q, k, v, null, scale).toFloats();
        boolean[][] reads = new boolean[heads][kvHeads];
        int size = TOKENS * d;
        for (int j = 0; j < kvHeads; j++) {
            float[] after = attention
                    .attend(q, changed(k, j), changed(v, j), null, scale)
                    .toFloats();
            for (int n = 0; n < before.length; n++) {
                reads[n / size][j] |= Math.abs(after[n] - before[n]) > 1e-4;
            }
        }
        return new HeadSharing(reads);
    }

    /** One head of {@code [1, H, S, D]} turned to its negative. */
    private static Tensor changed(Tensor heads, int which) {
        float[] sign = new float[heads.dim(1)];
        IntStream.range(0, sign.length).forEach(j -> sign[j] = j == which ? -1 : 1);
        return heads.mul(Tensor.of(sign, 1, sign.length, 1, 1));
    }

    /** The KV heads that a query head reads. */
    public List<Integer> reads(int queryHead) {
        return IntStream.range(0, reads[queryHead].length)
                .filter(j -> reads[queryHead][j])
                .boxed()
                .toList();
    }

    /** Query heads above, KV heads below, a wire where one reads the other; at most 64 heads. */
    public Picture picture() {
        if (reads.length > MOST_DRAWN) {
            throw new IllegalArgumentException(
                    "a drawing has room for " + MOST_DRAWN + " query heads, not for " + reads.length);
        }
        int kvHeads = reads[0].length;
        String title = kvHeads == reads.length
                ? "Each of " + reads.length + " query heads has a KV head of its own"
                : reads.length + " query heads share " + kvHeads + " KV head" + (kvHeads == 1 ? "" : "s");
        return WirePainter.paint(title, "query head", "KV head", reads, title + ": " + sentence() + ".");
    }

    private String sentence() {
        List<String> parts = new ArrayList<>();
        for (int j = 0; j < reads[0].length; j++) {
            int head = j;
            List<Integer> readers = IntStream.range(0, reads.length)
                    .filter(h -> reads[h][head])
                    .boxed()
                    .toList();
            parts.add("KV head " + j + " is read by " + (readers.isEmpty() ? "nobody" : readers));
        }
        return String.join(", ", parts);
    }
}
