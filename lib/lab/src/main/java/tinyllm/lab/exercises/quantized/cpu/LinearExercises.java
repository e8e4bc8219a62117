package tinyllm.lab.exercises.quantized.cpu;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.LoopLinear;
import tinyllm.arrays.PackedRows;
import tinyllm.arrays.QuantizedLinearFn;
import tinyllm.lab.VectorLinear;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercises "2.2 loop" and "2.2 vector": one product, code by code and then a word at a time. */
public final class LinearExercises {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Product(float[] x, PackedRows w) {}

    public static final Exercise<QuantizedLinearFn> LOOP = common("2.2 loop")
            .title("A product with weights that are never written out")
            .reference(LoopLinear::new)
            .hint(
                    "It is chapter 0.1's matrix product with one column, y[r] = Σ x[c] · W[r, c]; only W[r, c] has to be made"
                            + " of a code, a scale and a bias when it is needed.")
            .hint(
                    "The code of row r, column c stands in words[r * (cols / 8) + c / 8], shifted by 4 · (c % 8); its scale"
                            + " and its bias at r * (cols / groupSize) + c / groupSize.")
            .hint("sum += x[c] * (scale * code + bias), with code = word >>> 4 * (c % 8) & 15.")
            .mistake(
                    "row forgotten in the words",
                    "Every row was made of the codes of row 0: row r begins at word r · cols / 8.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        int wordRow(int r) {
                            return 0;
                        }
                    }))
            .mistake(
                    "row forgotten in the scales",
                    "Every row got the scales of row 0: row r begins at scale r · cols / groupSize.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        int groupRow(int r) {
                            return 0;
                        }
                    }))
            .mistake(
                    "dequantized the wrong way round",
                    "The bias was added to the code before the scale: the weight is scale · code + bias.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        float weight(float scale, int code, float bias) {
                            return scale * (code + bias);
                        }
                    }))
            .build();

    public static final Exercise<QuantizedLinearFn> VECTOR = common("2.2 vector")
            .title("The same a word at a time")
            .reference(VectorLinear::new)
            .hint("A word put into every lane, shifted by 0, 4, 8 … bits: then each lane's lowest four bits are its own"
                    + " code.")
            .hint(
                    "Within a group Σ x · (scale · code + bias) = scale · Σ x · code + bias · Σ x. So sum x · code in lanes,"
                            + " and multiply by the scale once a group. Σ x is the same for every row: compute it before the rows.")
            .hint(
                    "sum = FloatVector.fromArray(FLOATS, x, column + k).fma(codes, sum) for each part of a word; after a group"
                            + " total = sum.fma(FloatVector.broadcast(FLOATS, scale), total); after a row"
                            + " total.reduceLanes(VectorOperators.ADD) + the biases' part.")
            .mistake(
                    "total scaled again and again",
                    "What was summed so far is multiplied by the scale of each later group again: add the group's sum"
                            + " times its own scale to the total.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        float total(float total, float scale, float sum) {
                            return scale * (total + sum);
                        }
                    }))
            .mistake(
                    "sum goes on into the next group",
                    "The sum of x · code was not set back to 0 between groups, so later groups count the earlier ones"
                            + " again.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        float start(float sum) {
                            return sum;
                        }
                    }))
            .mistake(
                    "x of the first group",
                    "Every group was multiplied with the first values of x: group g begins at x[g · groupSize].",
                    wrong(() -> new LinearSteps() {
                        @Override
                        int column(int group, int inGroup, PackedRows w) {
                            return inGroup;
                        }
                    }))
            .mistake(
                    "Σ x over all columns",
                    "Each group's bias was multiplied by the sum of all x: it belongs to the x of its own group alone.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        float offset(float bias, float groupSum, float allSum, int groups) {
                            return bias * allSum;
                        }
                    }))
            .mistake(
                    "four codes of a word",
                    "Only the lower half of each word was read: eight codes stand in it, so with four lanes there are two"
                            + " rounds.",
                    wrong(() -> new LinearSteps() {
                        @Override
                        int codesOfWord() {
                            return 4;
                        }
                    }))
            .build();

    private LinearExercises() {}

    private static Exercise.Builder<QuantizedLinearFn> common(String id) {
        return Exercise.of(id, QuantizedLinearFn.class)
                .check(situation("one row, one group", 1, 32, 32))
                .check(situation("three rows, two groups of 32", 3, 64, 32))
                .check(situation("groups of 64", 5, 192, 64))
                .check(situation("groups of 128", 2, 384, 128))
                .check(situation("as many rows as columns", 64, 64, 32))
                .check(situation("wide: 896 columns", 7, 896, 64))
                .check(situation("32 groups of 32", 2, 1024, 32))
                .mistake(
                        "no bias",
                        "The biases are missing: a weight is scale · code + bias.",
                        wrong(() -> new LinearSteps() {
                            @Override
                            float offset(float bias, float groupSum, float allSum, int groups) {
                                return 0;
                            }
                        }))
                .mistake(
                        "bias without x",
                        "The bias was added once a group as it is: it belongs to every weight of the group, so it comes"
                                + " out as bias · Σ x of the group.",
                        wrong(() -> new LinearSteps() {
                            @Override
                            float offset(float bias, float groupSum, float allSum, int groups) {
                                return bias;
                            }
                        }))
                .mistake(
                        "signed codes",
                        "Codes of 8 and more were read as negative numbers: shift with >>> and keep the lowest four bits,"
                                + " & 15.",
                        wrong(() -> new LinearSteps() {
                            @Override
                            int code(int word, int i) {
                                return word << 28 - 4 * i >> 28;
                            }
                        }))
                .mistake(
                        "high bits first",
                        "The codes of each word were taken from the top: the first one stands in the lowest four bits.",
                        wrong(() -> new LinearSteps() {
                            @Override
                            int code(int word, int i) {
                                return word >>> 28 - 4 * i & 15;
                            }
                        }))
                .mistake(
                        "one scale a row",
                        "Each row used the scale of its first group alone: a row has cols / groupSize of them.",
                        wrong(() -> new LinearSteps() {
                            @Override
                            int scaleOf(int group) {
                                return 0;
                            }
                        }));
    }

    private static Case<QuantizedLinearFn> situation(String name, int rows, int cols, int group) {
        return Case.of(
                        name,
                        seed -> product(seed, rows, cols, group),
                        (QuantizedLinearFn answer, Product in) -> result(answer.apply(in.x(), in.w())),
                        LinearExercises::exact)
                .within(1e-4, 1e-3);
    }

    private static @Nullable Object result(float @Nullable [] y) {
        return y == null ? null : Tensor.of(y);
    }

    private static Product product(long seed, int rows, int cols, int group) {
        Draw draw = new Draw(seed);
        float[] weights = draw.normal(rows, cols).add(.3).toFloats();
        return new Product(draw.normal(cols).add(.2).toFloats(), PackedRows.of(weights, rows, cols, group));
    }

    /** In double precision. */
    private static Tensor exact(Product in) {
        PackedRows w = in.w();
        float[] y = new float[w.rows()];
        for (int r = 0; r < w.rows(); r++) {
            double sum = 0;
            for (int c = 0; c < w.cols(); c++) {
                int at = r * w.cols() + c;
                int code = w.words()[at / 8] >>> 4 * (at % 8) & 15;
                int group = at / w.groupSize();
                sum += in.x()[c] * ((double) w.scales()[group] * code + w.biases()[group]);
            }
            y[r] = (float) sum;
        }
        return Tensor.of(y);
    }

    private static Supplier<QuantizedLinearFn> wrong(Supplier<LinearSteps> make) {
        return make::get;
    }
}
