package tinyllm.lab.exercises.tensors;

import java.util.function.LongFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Shares;
import tinyllm.nn.SharesFn;
import tinyllm.tensor.Tensor;

/** Exercise "0 warm-up": small enough that only the buttons are new. */
public final class WarmUpExercise {

    public static final Exercise<SharesFn> WARM_UP = Exercise.of("0 warm-up", SharesFn.class)
            .title("Counts become shares")
            .reference(Shares::new)
            .hint("Each number becomes its part of the row's sum, so that every row sums to 1.")
            .hint(
                    "counts.sumKeep(-1) is [R, 1], one sum for each row; dividing [R, C] by [R, 1] uses it for all columns.")
            .hint("return counts.div(counts.sumKeep(-1));")
            .check(situation("two rows of three", seed -> counts(seed, 2, 3)))
            .check(situation("as many rows as columns", seed -> counts(seed, 4, 4)))
            .check(situation("one row", seed -> counts(seed, 1, 5)))
            .check(situation("one column", seed -> counts(seed, 3, 1)))
            .mistake(
                    "columns instead of rows",
                    "The columns sum to 1, not the rows: the sum runs down instead of across. The last axis is -1.",
                    () -> x -> x.div(x.sumKeep(-2)))
            .mistake(
                    "sum over everything",
                    "All numbers together sum to 1, not every row: give the sum its axis, sumKeep(-1).",
                    () -> x -> x.div(x.sum()))
            .mistake(
                    "lost axis",
                    "The sums lost their axis: [R] divides the columns of [R, C], not its rows. sumKeep(-1) gives [R, 1].",
                    () -> x -> x.div(x.sum(-1)))
            .mistake(
                    "percent",
                    "The rows sum to 100: these are percent. Shares sum to 1.",
                    () -> x -> x.div(x.sumKeep(-1)).mul(100))
            .mistake(
                    "upside down",
                    "The sum is divided by the counts: turn it round, counts over sum.",
                    () -> x -> x.sumKeep(-1).div(x))
            .mistake(
                    "mean instead of sum",
                    "The rows are divided by their mean, so they sum to the number of columns: divide by the sum.",
                    () -> x -> x.div(x.meanKeep(-1)))
            .mistake(
                    "largest instead of sum",
                    "The rows are divided by their largest number: divide by the sum.",
                    () -> x -> x.div(x.maxKeep(-1)))
            .mistake("nothing done", "The counts came back as they were.", () -> x -> x)
            .build();

    private WarmUpExercise() {}

    private static Case<SharesFn> situation(String name, LongFunction<Tensor> counts) {
        return Case.of(name, counts, SharesFn::shares);
    }

    /** Whole numbers from 1 to 50. */
    private static Tensor counts(long seed, int rows, int columns) {
        Draw draw = new Draw(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = draw.between(1, 50);
        }
        return Tensor.of(values, rows, columns);
    }
}
