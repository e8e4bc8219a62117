package tinyllm.lab.exercises.attention;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.AttentionFn;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.nn.Softmax;
import tinyllm.tensor.Tensor;

/** Exercises "1.1 weights" and "1.1 attention": one interface, first its half, then the whole. */
public final class AttentionExercises {

    /** Inputs of one case. */
    private record Qkv(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {}

    public static final Exercise<AttentionFn> WEIGHTS = withCases(
                    Exercise.of("1.1 weights", AttentionFn.class), AttentionExercises::weigh)
            .title("How much each query looks at each key")
            .reference(ScaledDotProductAttention::new)
            .hint(
                    "Every query is compared with every key by a dot product: [.., L, D] times [.., D, S] gives scores [.., L, S].")
            .hint(
                    "q.matmul(k.T()) are the scores. Multiply by scale, add the mask if there is one, and only then take the"
                            + " softmax.")
            .hint(
                    "new Softmax().softmax(q.matmul(k.T()).mul(scale).add(mask)), without the add when mask is null. Your own"
                            + " softmax does as well.")
            .build();

    public static final Exercise<AttentionFn> ATTENTION = withCases(
                    Exercise.of("1.1 attention", AttentionFn.class), AttentionExercises::attend)
            .title("Scaled dot-product attention")
            .reference(ScaledDotProductAttention::new)
            .hint("The result for a query is a mean of the values, weighted by how much that query looks at each key.")
            .hint("weights is [.., L, S] and v is [.., S, D]: which product gives [.., L, D]?")
            .hint("return weights(q, k, mask, scale).matmul(v);")
            .mistake(
                    "keys instead of values",
                    "The weights average the keys: the last product is with v, not with k.",
                    () -> attendingBy((w, in) -> w.matmul(in.k())))
            .mistake(
                    "transposed weights",
                    "The weights are transposed before they meet the values, so that row i holds what the others give to token i."
                            + " Multiply [L, S] by [S, D] as they stand.",
                    () -> attendingBy((w, in) -> w.T().matmul(in.v())))
            .mistake(
                    "values transposed",
                    "The values are transposed: the weights [L, S] meet v, [S, D], as it stands.",
                    () -> attendingBy((w, in) -> w.matmul(in.v().T())))
            .mistake(
                    "values first",
                    "The factors changed places: weights.matmul(v) is [L, S] x [S, D], a mean of values for each query.",
                    () -> attendingBy((w, in) -> in.v().matmul(w)))
            .mistake(
                    "plain mean",
                    "Every value counts alike: this is the mean of v. Weigh the values by the softmax of the scores.",
                    () -> attendingBy((w, in) -> in.v()
                            .meanKeep(-2)
                            .add(Tensor.zeros(w.dtype(), in.q().shape()))))
            .build();

    private AttentionExercises() {}

    private static Tensor weigh(AttentionFn answer, Qkv in) {
        return answer.weights(in.q(), in.k(), in.mask(), in.scale());
    }

    private static Tensor attend(AttentionFn answer, Qkv in) {
        return answer.attend(in.q(), in.k(), in.v(), in.mask(), in.scale());
    }

    private interface Run {
        Tensor of(AttentionFn answer, Qkv in);
    }

    /** The situations and the mistakes that both exercises share. */
    private static Exercise.Builder<AttentionFn> withCases(Exercise.Builder<AttentionFn> exercise, Run run) {
        exercise.check(situation("three tokens, two dimensions", seed -> inputs(seed, 3, 3, 1, false, 2), run))
                .check(situation("causal mask", seed -> inputs(seed, 5, 5, 1, true, 4), run))
                .check(situation("more keys than queries", seed -> inputs(seed, 3, 7, 1, false, 4), run))
                .check(situation("fewer queries than keys, causal", seed -> inputs(seed, 2, 6, 1, true, 4), run))
                .check(situation("batch and heads", seed -> inputs(seed, 4, 4, 1, true, 2, 3, 8), run))
                .check(situation("a scale of its own", AttentionExercises::ownScale, run))
                .check(situation("large scores", seed -> inputs(seed, 4, 4, 30, true, 4), run));
        return mistakes(exercise);
    }

    private static Case<AttentionFn> situation(String name, LongFunction<Qkv> inputs, Run run) {
        return Case.of(name, inputs, run::of);
    }

    /** Queries [.., l, D] and keys [.., s, D]; the last of the trailing numbers is D, those before are leading axes. */
    private static Qkv inputs(long seed, int l, int s, double size, boolean causal, int... leadingAndD) {
        Draw draw = new Draw(seed);
        int d = leadingAndD[leadingAndD.length - 1];
        Tensor mask = causal ? Draw.causal(l, s) : null;
        return new Qkv(
                draw.scaled(size, shape(leadingAndD, l)),
                draw.scaled(size, shape(leadingAndD, s)),
                draw.normal(shape(leadingAndD, s)),
                mask,
                1 / Math.sqrt(d));
    }

    private static int[] shape(int[] leadingAndD, int rows) {
        int[] shape = new int[leadingAndD.length + 1];
        System.arraycopy(leadingAndD, 0, shape, 0, leadingAndD.length - 1);
        shape[shape.length - 2] = rows;
        shape[shape.length - 1] = leadingAndD[leadingAndD.length - 1];
        return shape;
    }

    private static Qkv ownScale(long seed) {
        Qkv in = inputs(seed, 4, 4, 1, false, 4);
        return new Qkv(in.q(), in.k(), in.v(), in.mask(), 1.7);
    }

    private static Exercise.Builder<AttentionFn> mistakes(Exercise.Builder<AttentionFn> exercise) {
        return exercise.mistake(
                        "no scale",
                        "The scores are not scaled, so the softmax is too sharp: multiply q · kᵀ by scale.",
                        () -> (q, k, mask, scale) -> softmax(add(q.matmul(k.T()), mask)))
                .mistake(
                        "scale by D",
                        "The scores are divided by D instead of √D: use the argument scale, which is 1/√D.",
                        () -> (q, k, mask, scale) -> softmax(add(scores(q, k, 1.0 / q.dim(-1)), mask)))
                .mistake(
                        "own scale",
                        "The scale is computed anew as 1/√D, although the caller gives another one: use the argument scale.",
                        () -> (q, k, mask, scale) -> softmax(add(scores(q, k, 1 / Math.sqrt(q.dim(-1))), mask)))
                .mistake(
                        "divided by the scale",
                        "The scores are divided by scale, which makes them larger: scale is 1/√D already, so multiply.",
                        () -> (q, k, mask, scale) -> softmax(add(scores(q, k, 1 / scale), mask)))
                .mistake(
                        "softmax over the wrong axis",
                        "The columns of the weights sum to 1, not the rows: the softmax runs over the queries. It belongs over the"
                                + " keys, the last axis.",
                        () -> (q, k, mask, scale) ->
                                softmax(add(scores(q, k, scale), mask).T()).T())
                .mistake(
                        "mask after softmax",
                        "The mask is added after the softmax: -inf stands in the weights themselves. Add it to the scores, before"
                                + " the softmax.",
                        () -> (q, k, mask, scale) -> add(softmax(scores(q, k, scale)), mask))
                .mistake(
                        "no mask",
                        "Row {row} looks at keys that the mask hides: the mask is not added, so the weights are not causal."
                                + " scores.add(mask) returns the sum and leaves scores as they were.",
                        () -> (q, k, mask, scale) -> softmax(scores(q, k, scale)))
                .mistake(
                        "mask taken for granted",
                        "There is no mask in some cases: mask is null then, and nothing is to be added. Ask mask == null first.",
                        () -> (q, k, mask, scale) -> softmax(scores(q, k, scale).add(unchecked(mask))))
                .mistake(
                        "mask of the wrong offset",
                        "With fewer queries than keys, query 0 is not token 0 but the first of the last L: a mask that begins at"
                                + " the top left corner hides too much. Use the mask that is given.",
                        () -> (q, k, mask, scale) -> {
                            Tensor own = mask == null ? null : topLeft(q.dim(-2), k.dim(-2));
                            return softmax(add(scores(q, k, scale), own));
                        })
                .mistake(
                        "transposed product",
                        "The product is k · qᵀ: row i tells who looks at token i. Row i must tell where token i looks: q · kᵀ.",
                        () -> (q, k, mask, scale) -> softmax(add(k.matmul(q.T()).mul(scale), mask)))
                .mistake(
                        "overflow",
                        "Large scores overflow in exp and become NaN: subtract each row's maximum first, or use your softmax.",
                        () -> (q, k, mask, scale) -> {
                            Tensor e = add(scores(q, k, scale), mask).exp();
                            return e.div(e.sumKeep(-1));
                        })
                .mistake(
                        "mask multiplied",
                        "The mask is multiplied: 0 · -inf is NaN, and a visible score becomes 0. The mask is added.",
                        () -> (q, k, mask, scale) -> {
                            Tensor scores = scores(q, k, scale);
                            return softmax(mask == null ? scores : scores.mul(mask));
                        })
                .mistake(
                        "scale after softmax",
                        "The weights are scaled, so their rows don't sum to 1: scale belongs on the scores, before the softmax.",
                        () -> (q, k, mask, scale) ->
                                softmax(add(q.matmul(k.T()), mask)).mul(scale))
                .mistake(
                        "keys not transposed",
                        "The keys are not transposed: a query [.., D] meets each key in q.matmul(k.T()), [L, D] x [D, S].",
                        () -> (q, k, mask, scale) -> softmax(add(q.matmul(k).mul(scale), mask)))
                .mistake(
                        "no softmax",
                        "These are the scores; they need a softmax over the last axis to become weights that sum to 1.",
                        () -> (q, k, mask, scale) -> add(scores(q, k, scale), mask));
    }

    private interface Mixing {
        Tensor of(Tensor weights, Qkv in);
    }

    /** Right weights, and a wrong product with the values. */
    private static AttentionFn attendingBy(Mixing mixing) {
        AttentionFn right = new ScaledDotProductAttention();
        return new AttentionFn() {
            @Override
            public Tensor weights(Tensor q, Tensor k, @Nullable Tensor mask, double scale) {
                return right.weights(q, k, mask, scale);
            }

            @Override
            public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
                return mixing.of(weights(q, k, mask, scale), new Qkv(q, k, v, mask, scale));
            }
        };
    }

    private static Tensor scores(Tensor q, Tensor k, double scale) {
        return q.matmul(k.T()).mul(scale);
    }

    private static Tensor add(Tensor scores, @Nullable Tensor mask) {
        return mask == null ? scores : scores.add(mask);
    }

    @SuppressWarnings("NullAway") // the mistake is to trust it
    private static Tensor unchecked(@Nullable Tensor mask) {
        return mask;
    }

    private static Tensor softmax(Tensor scores) {
        return new Softmax().softmax(scores);
    }

    /** Hides key j from query i when j > i, whatever the numbers of queries and keys. */
    private static Tensor topLeft(int l, int s) {
        return Draw.causal(s, s).slice(0, 0, l);
    }
}
