package tinyllm.lab.exercises.attention;

import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Softmax;
import tinyllm.nn.SoftmaxFn;
import tinyllm.tensor.Tensor;

/** Exercise "1.1 softmax". */
public final class SoftmaxExercise {

    public static final Exercise<SoftmaxFn> SOFTMAX = Exercise.of("1.1 softmax", SoftmaxFn.class)
            .title("Scores become probabilities")
            .reference(Softmax::new)
            .hint(
                    "Every row becomes positive numbers that sum to 1, and larger scores get more: exp, then divide by the sum.")
            .hint(
                    "The sum runs over the last axis alone and must keep that axis, so that [.., S] is divided by [.., 1]:"
                            + " sumKeep(-1).")
            .hint(
                    "exp(1000) is infinity. Subtract each row's maximum first, maxKeep(-1); the result stays the same, because"
                            + " the factor exp(-max) stands above and below the line.")
            .check(situation("one row", seed -> new Draw(seed).normal(4)))
            .check(situation("five rows of three", seed -> new Draw(seed).normal(5, 3)))
            .check(situation("as many rows as columns", seed -> new Draw(seed).normal(4, 4)))
            .check(situation("batch and heads", seed -> new Draw(seed).normal(2, 3, 4, 6)))
            .check(situation(
                    "scores around 1000",
                    seed -> new Draw(seed).scaled(100, 3, 5).add(1000)))
            .check(situation("one row far below the other", SoftmaxExercise::farApart))
            .check(situation(
                    "masked scores (-inf)", seed -> new Draw(seed).normal(4, 4).add(Draw.causal(4, 4))))
            .mistake(
                    "overflow",
                    "Large scores overflow: exp of more than 88 is infinity in float32, and infinity / infinity is NaN. Subtract"
                            + " each row's maximum before exp.",
                    () -> x -> x.exp().div(x.exp().sumKeep(-1)))
            .mistake(
                    "one maximum for all rows",
                    "The maximum of the whole tensor is subtracted from every row: a row far below it becomes 0 / 0. Take each"
                            + " row's own maximum, maxKeep(-1).",
                    () -> x -> normalize(x.sub(x.max()).exp()))
            .mistake(
                    "wrong axis",
                    "The columns sum to 1, not the rows: the softmax runs over the wrong axis. Reduce over the last one, -1.",
                    () -> x -> {
                        Tensor e = x.sub(x.maxKeep(-2)).exp();
                        return e.div(e.sumKeep(-2));
                    })
            .mistake(
                    "sum over everything",
                    "All entries together sum to 1, not every row: give the sum its axis, sumKeep(-1).",
                    () -> x -> {
                        Tensor e = x.sub(x.maxKeep(-1)).exp();
                        return e.div(e.sum());
                    })
            .mistake(
                    "lost axis",
                    "The sums lost their axis: [R] divides the columns of [R, C] instead of its rows. Use sumKeep(-1), which"
                            + " gives [R, 1].",
                    () -> x -> {
                        Tensor e = x.sub(x.maxKeep(-1)).exp();
                        return e.div(e.sum(-1));
                    })
            .mistake(
                    "maximum without its axis",
                    "The maxima lost their axis: [R] is subtracted from the columns of [R, C] instead of its rows. Use maxKeep(-1),"
                            + " which gives [R, 1].",
                    () -> x -> normalize(x.sub(x.max(-1)).exp()))
            .mistake(
                    "sum down the columns",
                    "The sum runs over axis -2, down the columns: each row is to sum to 1, so sum along the last axis, sumKeep(-1).",
                    () -> x -> {
                        Tensor e = x.sub(x.maxKeep(-1)).exp();
                        return e.div(e.sumKeep(-2));
                    })
            .mistake(
                    "not normalised",
                    "The rows don't sum to 1: after exp, divide by the row's sum.",
                    () -> x -> x.sub(x.maxKeep(-1)).exp())
            .mistake(
                    "no exp",
                    "The scores themselves are divided by their sum, so negative scores give negative probabilities: take exp"
                            + " first.",
                    () -> x -> x.div(x.sumKeep(-1)))
            .mistake(
                    "log-softmax",
                    "This is the logarithm of the softmax: its entries are negative. Take exp of it.",
                    () -> x -> x.sub(x.logSumExp(-1).expandDims(-1)))
            .build();

    private SoftmaxExercise() {}

    private static Case<SoftmaxFn> situation(String name, java.util.function.LongFunction<Tensor> scores) {
        return Case.of(name, scores, SoftmaxFn::softmax);
    }

    private static Tensor farApart(long seed) {
        Tensor x = new Draw(seed).normal(2, 4); // [2, 4]
        return x.add(Tensor.of(new float[] {0, -300}, 2, 1));
    }

    private static Tensor normalize(Tensor e) {
        return e.div(e.sumKeep(-1));
    }
}
