package tinyllm.lab.exercises.grouped;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.Tensor;

/** Exercise "1.3 grouped". */
public final class GroupedExercise {

    private record Inputs(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {}

    /** Batch, query heads, KV heads, queries, keys, numbers in a head. */
    private record Sizes(int b, int h, int kv, int l, int s, int d) {}

    private enum MaskKind {
        NONE,
        CAUSAL,
        OF_EACH_ROW,
        OF_EACH_HEAD
    }

    public static final Exercise<GroupedAttentionFn> GROUPED = mistakes(
                    Exercise.of("1.3 grouped", GroupedAttentionFn.class)
                            .title("Query heads share keys and values")
                            .reference(GroupedQueryAttention::new)
                            .hint("H_q / H_kv query heads that stand side by side read the same KV head. Give the"
                                    + " groups an axis of their own, and broadcasting does the sharing.")
                            .hint("q becomes [B, H_kv, G, L, D] by a reshape, with G = H_q / H_kv; k and v become [B,"
                                    + " H_kv, 1, S, D] by expandDims(2). The attention of chapter 1.1 works on the"
                                    + " last two axes alone, so call it on these.")
                            .hint("The mask needs five axes too: mask.broadcastTo(B, H_q, L, S).reshape(B, H_kv, G,"
                                    + " L, S) fits every mask. The way back is out.reshape(q.shape())."))
            .check(situation("four query heads, two KV heads", new Sizes(1, 4, 2, 3, 3, 4), MaskKind.CAUSAL))
            .check(situation("no mask", new Sizes(1, 6, 3, 2, 4, 5), MaskKind.NONE))
            .check(situation("a KV head for each query head", new Sizes(2, 3, 3, 3, 3, 4), MaskKind.CAUSAL))
            .check(situation("one KV head for all", new Sizes(2, 4, 1, 3, 3, 2), MaskKind.CAUSAL))
            .check(situation("fourteen query heads, two KV heads", new Sizes(1, 14, 2, 5, 5, 8), MaskKind.CAUSAL))
            .check(situation("two new tokens after three", new Sizes(2, 6, 2, 2, 5, 4), MaskKind.CAUSAL))
            .check(situation("a mask of its own for each row", new Sizes(2, 4, 2, 3, 4, 4), MaskKind.OF_EACH_ROW))
            .check(situation("a mask of its own for each head", new Sizes(1, 4, 2, 3, 3, 4), MaskKind.OF_EACH_HEAD))
            .check(Case.of("a scale that is not 1/√D", GroupedExercise::ownScale, GroupedExercise::run))
            .build();

    private GroupedExercise() {}

    private static Exercise.Builder<GroupedAttentionFn> mistakes(Exercise.Builder<GroupedAttentionFn> exercise) {
        return exercise.mistake(
                        "neighbours read different heads",
                        "Query head h reads KV head h mod H_kv, as if the groups were interleaved: q was reshaped to"
                                + " [B, G, H_kv, ..] or k repeated as a whole. Neighbours belong together: KV head h / G.",
                        () -> reading((h, in) -> h % in.k().dim(1)))
                .mistake(
                        "all read KV head 0",
                        "Every query head reads KV head 0; the others are never looked at. Query head h reads KV head"
                                + " h / G.",
                        () -> reading((h, in) -> 0))
                .mistake(
                        "heads in reverse",
                        "The groups read the KV heads in reverse order: the first G query heads read KV head 0, not"
                                + " the last.",
                        () -> reading((h, in) -> (in.q().dim(1) - 1 - h)
                                / (in.q().dim(1) / in.k().dim(1))))
                .mistake(
                        "the head's own number",
                        "Query head h reads KV head h as long as there is one, then the last: divide h by the group's"
                                + " size G = H_q / H_kv.",
                        () -> reading((h, in) -> Math.min(h, in.k().dim(1) - 1)))
                .mistake(
                        "keys and values shared differently",
                        "Keys and values are shared in different ways: a query compares itself with one head's keys"
                                + " and takes another head's values. Treat k and v alike.",
                        () -> (q, k, v, mask, scale) -> {
                            Inputs in = new Inputs(q, k, v, mask, scale);
                            return attend(
                                    in, take(k, in, h -> h / (q.dim(1) / k.dim(1))), take(v, in, h -> h % k.dim(1)));
                        })
                .mistake(
                        "mask without a group axis",
                        "The mask has four axes and the scores have five, so its batch axis lies on the KV heads: row"
                                + " {row} hides the wrong keys. Bring the mask to [B, H_kv, G, L, S] too.",
                        () -> (q, k, v, mask, scale) -> new ScaledDotProductAttention()
                                .attend(grouped(q, k), k.expandDims(2), v.expandDims(2), mask, scale)
                                .reshape(q.shape()))
                .mistake(
                        "mask given the groups' axis as it came",
                        "expandDims(2) gives a mask of four axes its fifth in the right place, and a mask of two or three in a wrong"
                                + " one. First make it four: mask.broadcastTo(B, H_q, L, S).",
                        () -> (q, k, v, mask, scale) -> new ScaledDotProductAttention()
                                .attend(
                                        grouped(q, k),
                                        k.expandDims(2),
                                        v.expandDims(2),
                                        mask == null ? null : mask.expandDims(2),
                                        scale)
                                .reshape(q.shape()))
                .mistake(
                        "keys without a group axis",
                        "The queries have five axes and the keys four, so the KV heads lie on the groups: k.expandDims(2), and v"
                                + " alike, makes room for the group.",
                        () -> (q, k, v, mask, scale) -> {
                            Tensor five = mask == null
                                    ? null
                                    : grouped(mask.broadcastTo(q.dim(0), q.dim(1), q.dim(2), k.dim(2)), k);
                            return new ScaledDotProductAttention()
                                    .attend(grouped(q, k), k, v, five, scale)
                                    .reshape(q.shape());
                        })
                .mistake(
                        "no mask",
                        "Queries look at keys that the mask hides: it is not handed to the attention.",
                        () -> (q, k, v, mask, scale) -> right(new Inputs(q, k, v, null, scale)))
                .mistake(
                        "mask taken for granted",
                        "mask is null where nothing is hidden, and null has no shape to change: ask mask != null first.",
                        () -> (q, k, v, mask, scale) -> {
                            Tensor all = unchecked(mask).broadcastTo(q.dim(0), q.dim(1), q.dim(2), k.dim(2));
                            return right(new Inputs(q, k, v, all, scale));
                        })
                .mistake(
                        "own scale",
                        "The scale is computed anew as 1/√D, although the caller gives another one: use the argument"
                                + " scale.",
                        () -> (q, k, v, mask, scale) -> right(new Inputs(q, k, v, mask, 1 / Math.sqrt(q.dim(-1)))))
                .mistake(
                        "no scale",
                        "The scores are not scaled: hand scale to the attention.",
                        () -> (q, k, v, mask, scale) -> right(new Inputs(q, k, v, mask, 1)))
                .mistake(
                        "left grouped",
                        "The result still has the group axis, [B, H_kv, G, L, D]: reshape it to [B, H_q, L, D], the"
                                + " shape of q.",
                        () -> (q, k, v, mask, scale) -> right(new Inputs(q, k, v, mask, scale))
                                .reshape(q.dim(0), k.dim(1), q.dim(1) / k.dim(1), q.dim(2), q.dim(3)))
                .mistake(
                        "heads shuffled on the way back",
                        "The groups change places with the KV heads before the last reshape, so the heads come out in"
                                + " another order: reshape [B, H_kv, G, L, D] straight to the shape of q.",
                        () -> (q, k, v, mask, scale) -> right(new Inputs(q, k, v, mask, scale))
                                .reshape(q.dim(0), k.dim(1), q.dim(1) / k.dim(1), q.dim(2), q.dim(3))
                                .transpose(0, 2, 1, 3, 4)
                                .reshape(q.shape()));
    }

    private interface Reading {
        int kvHead(int queryHead, Inputs in);
    }

    /** Attention in which query head h reads the given KV head. */
    private static GroupedAttentionFn reading(Reading reading) {
        return (q, k, v, mask, scale) -> {
            Inputs in = new Inputs(q, k, v, mask, scale);
            IntUnaryOperator head = h -> reading.kvHead(h, in);
            return attend(in, take(k, in, head), take(v, in, head));
        };
    }

    @SuppressWarnings("NullAway") // the mistake is to trust it
    private static Tensor unchecked(@Nullable Tensor mask) {
        return mask;
    }

    private static Tensor right(Inputs in) {
        int group = in.q().dim(1) / in.k().dim(1);
        return attend(in, take(in.k(), in, h -> h / group), take(in.v(), in, h -> h / group));
    }

    /** One head of k or v for each query head: {@code [B, H_q, S, D]}. */
    private static Tensor take(Tensor heads, Inputs in, IntUnaryOperator head) {
        return heads.take(IntStream.range(0, in.q().dim(1)).map(head).toArray(), 1);
    }

    private static Tensor attend(Inputs in, Tensor k, Tensor v) {
        return new ScaledDotProductAttention().attend(in.q(), k, v, in.mask(), in.scale());
    }

    private static Tensor grouped(Tensor q, Tensor k) {
        return q.reshape(q.dim(0), k.dim(1), q.dim(1) / k.dim(1), q.dim(2), q.dim(3));
    }

    private static Case<GroupedAttentionFn> situation(String name, Sizes sizes, MaskKind mask) {
        LongFunction<Inputs> inputs = seed -> inputs(seed, sizes, mask);
        return Case.of(name, inputs, GroupedExercise::run);
    }

    private static Tensor run(GroupedAttentionFn answer, Inputs in) {
        return answer.attend(in.q(), in.k(), in.v(), in.mask(), in.scale());
    }

    private static Inputs inputs(long seed, Sizes n, MaskKind mask) {
        Draw draw = new Draw(seed);
        return new Inputs(
                draw.scaled(1.5, n.b(), n.h(), n.l(), n.d()),
                draw.scaled(1.5, n.b(), n.kv(), n.s(), n.d()),
                draw.normal(n.b(), n.kv(), n.s(), n.d()),
                mask(mask, n),
                1 / Math.sqrt(n.d()));
    }

    private static Inputs ownScale(long seed) {
        Inputs in = inputs(seed, new Sizes(1, 4, 2, 3, 3, 4), MaskKind.CAUSAL);
        return new Inputs(in.q(), in.k(), in.v(), in.mask(), 1.7);
    }

    private static @Nullable Tensor mask(MaskKind kind, Sizes n) {
        return switch (kind) {
            case NONE -> null;
            case CAUSAL -> Draw.causal(n.l(), n.s());
            case OF_EACH_ROW -> hiding(n.s(), n.b(), 1, 1); // row b sees its first S - b keys
            case OF_EACH_HEAD -> hiding(n.s(), 1, n.h(), 1).broadcastTo(n.b(), n.h(), n.l(), n.s());
        };
    }

    /** {@code [.., S]}: the i-th row sees the keys before S - (i mod S). */
    private static Tensor hiding(int s, int... leading) {
        int rows = Arrays.stream(leading).reduce(1, (a, b) -> a * b);
        float[] values = new float[rows * s];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % s < s - i / s % s ? 0 : Float.NEGATIVE_INFINITY;
        }
        int[] shape = Arrays.copyOf(leading, leading.length + 1);
        shape[leading.length] = s;
        return Tensor.of(values, shape);
    }
}
