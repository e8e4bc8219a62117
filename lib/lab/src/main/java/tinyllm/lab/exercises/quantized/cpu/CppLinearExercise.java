package tinyllm.lab.exercises.quantized.cpu;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import tinyllm.arrays.Int8Blocks;
import tinyllm.arrays.PackedRows;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.CppLinear;
import tinyllm.lab.PackedForms;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "2.2 C++": the product with whole numbers on both sides, as the lab's own kernels compute it. */
public final class CppLinearExercise {

    /** The function that an answer defines. */
    public static final String FUNCTION = "linear";

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Product(Int8Blocks x, PackedRows w) {}

    public static final Exercise<KernelText> CPP = Exercise.of("2.2 C++", KernelText.class)
            .title("Whole numbers on both sides, in C++")
            .reference(CppLinear::new)
            .deadline(Duration.ofSeconds(90)) // a compiler runs for each new text
            .hint(
                    "Within a block of 32 columns there is one scale for x, and one scale and one bias for the weights. What"
                            + " is left inside is a sum of products of whole numbers, and it fits into an int.")
            .hint("For each block add up two ints: products += code * x[c] and sum += x[c]. The block gives"
                    + " x_scales[c / 32] * (scale * products + bias * sum).")
            .hint(
                    "for (int b = 0; b < cols; b += 32) { int products = 0, sum = 0; for (int c = b; c < b + 32; ++c) { int"
                            + " code = words[(r * cols + c) / 8] >> 4 * (c % 8) & 15; … } }, with the scale at"
                            + " (r * cols + b) / group.")
            .check(situation("one row, one block", 1, 32, 32))
            .check(situation("three rows, groups of 32", 3, 96, 32))
            .check(situation("groups of 64", 5, 192, 64))
            .check(situation("groups of 128", 2, 384, 128))
            .check(situation("37 rows of 896", 37, 896, 64))
            .mistake(
                    "no scale of x",
                    "x_scales is not used: a code of x alone does not say how large x was. Each block's sum is multiplied"
                            + " by its scale.",
                    text("x_scales[b / 32]", "1.0f"))
            .mistake(
                    "bias without x",
                    "The bias was added once a block as it is: it belongs to every weight, so it comes out as bias · Σ x of"
                            + " the block.",
                    text("biases[g] * sum", "biases[g]"))
            .mistake(
                    "no bias",
                    "The biases are missing: a weight is scale · code + bias, so the block also gets bias · Σ x.",
                    text(" + biases[g] * sum", ""))
            .mistake(
                    "signed codes",
                    "Codes of 8 and more were read as negative numbers: codes are unsigned, 0 to 15. Keep the lowest four"
                            + " bits with & 15.",
                    text(
                            "words[(r * cols + c) / 8] >> 4 * (c % 8) & 15",
                            "int(words[(r * cols + c) / 8] << (28 - 4 * (c % 8))) >> 28"))
            .mistake(
                    "high bits first",
                    "The codes of each word were taken from the top: the first one stands in the lowest four bits.",
                    text("4 * (c % 8)", "(28 - 4 * (c % 8))"))
            .mistake(
                    "row forgotten in the words",
                    "Every row was made of the codes of row 0: row r begins at word r · cols / 8.",
                    text("words[(r * cols + c) / 8]", "words[c / 8]"))
            .mistake(
                    "row forgotten in the scales",
                    "Every row got the scales of row 0: row r begins at scale r · cols / group.",
                    text("(r * cols + b) / group", "b / group"))
            .mistake(
                    "sums that overflow",
                    "The sum of a block was kept in 8 bits, where it wraps round: 32 products of up to 15 · 127 need an"
                            + " int.",
                    text("int products = 0", "int8_t products = 0"))
            .mistake(
                    "one scale of x for all",
                    "Every block was multiplied by the scale of the first one: block b of 32 columns has x_scales[b / 32].",
                    text("x_scales[b / 32]", "x_scales[0]"))
            .build();

    private CppLinearExercise() {}

    /** What the function is called with, its outputs and sizes beside it. */
    public static Tensor[] inputs(Int8Blocks x, PackedRows w) {
        int groups = w.cols() / w.groupSize();
        return new Tensor[] {
            PackedForms.words(w),
            Tensor.of(w.scales(), w.rows(), groups),
            Tensor.of(w.biases(), w.rows(), groups),
            Tensor.of(MemorySegment.ofArray(x.codes()), DType.I8, w.cols()),
            Tensor.of(x.scales())
        };
    }

    public static List<Launch.Output> outputs(PackedRows w) {
        return List.of(new Launch.Output(DType.F32, new int[] {w.rows()}));
    }

    public static int[] sizes(PackedRows w) {
        return new int[] {w.rows(), w.cols(), w.groupSize()};
    }

    private static Case<KernelText> situation(String name, int rows, int cols, int group) {
        return Case.of(
                        name,
                        seed -> product(seed, rows, cols, group),
                        (KernelText answer, Product in) -> run(answer, in),
                        CppLinearExercise::exact)
                .within(1e-4, 1e-3);
    }

    private static Tensor run(KernelText answer, Product in) {
        return KernelCheck.cpp(answer, FUNCTION, outputs(in.w()), sizes(in.w()), inputs(in.x(), in.w()))
                .getFirst();
    }

    private static Product product(long seed, int rows, int cols, int group) {
        Draw draw = new Draw(seed);
        float[] weights = draw.normal(rows, cols).add(.3).toFloats();
        return new Product(
                Int8Blocks.of(draw.normal(cols).add(.2).toFloats()), PackedRows.of(weights, rows, cols, group));
    }

    /** In double precision, from the codes. */
    private static Tensor exact(Product in) {
        PackedRows w = in.w();
        float[] x = in.x().values();
        float[] y = new float[w.rows()];
        for (int r = 0; r < w.rows(); r++) {
            double sum = 0;
            for (int c = 0; c < w.cols(); c++) {
                int at = r * w.cols() + c;
                int code = w.words()[at / 8] >>> 4 * (at % 8) & 15;
                int group = at / w.groupSize();
                sum += x[c] * ((double) w.scales()[group] * code + w.biases()[group]);
            }
            y[r] = (float) sum;
        }
        return Tensor.of(y);
    }

    private static Supplier<KernelText> text(String right, String wrong) {
        return () -> () -> {
            String text = CppLinear.TEXT.replace(right, wrong);
            if (text.equals(CppLinear.TEXT)) {
                throw new IllegalStateException("\"" + right + "\" is not in the kernel any more");
            }
            return text;
        };
    }
}
