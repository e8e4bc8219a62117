package tinyllm.lab.exercises.metal;

import java.time.Duration;
import java.util.List;
import java.util.function.LongFunction;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "4.5 softmax" and "4.5 rmsnorm": a threadgroup of 128 threads for each row. */
public final class RowKernelExercises {

    static final String SOFTMAX_TEXT = """
            threadgroup float partial[4];
            uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
            uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup;
            uint group = simdgroup_index_in_threadgroup;
            float most = -INFINITY;
            for (uint i = t; i < n; i += 128) {
              most = max(most, x[row * n + i]);
            }
            most = simd_max(most);
            if (lane == 0) {
              partial[group] = most;
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            most = max(max(partial[0], partial[1]), max(partial[2], partial[3]));
            threadgroup_barrier(mem_flags::mem_threadgroup);
            float sum = 0;
            for (uint i = t; i < n; i += 128) {
              sum += exp(x[row * n + i] - most);
            }
            sum = simd_sum(sum);
            if (lane == 0) {
              partial[group] = sum;
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            sum = partial[0] + partial[1] + partial[2] + partial[3];
            for (uint i = t; i < n; i += 128) {
              out[row * n + i] = exp(x[row * n + i] - most) / sum;
            }
            """;

    static final String NORM_TEXT = """
            threadgroup float partial[4];
            uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
            uint t = thread_index_in_threadgroup;
            float squares = 0;
            for (uint i = t; i < n; i += 128) {
              float v = x[row * n + i] + residual[row * n + i];
              sum[row * n + i] = v;
              squares += v * v;
            }
            squares = simd_sum(squares);
            if (thread_index_in_simdgroup == 0) {
              partial[simdgroup_index_in_threadgroup] = squares;
            }
            threadgroup_barrier(mem_flags::mem_threadgroup);
            float mean = (partial[0] + partial[1] + partial[2] + partial[3]) / float(n);
            float scale = rsqrt(mean + eps);
            for (uint i = t; i < n; i += 128) {
              out[row * n + i] = sum[row * n + i] * scale * weight[i];
            }
            """;

    private record Normed(Tensor x, Tensor residual, Tensor weight, Tensor eps) {}

    public static final Exercise<KernelText> SOFTMAX = Exercise.of("4.5 softmax", KernelText.class)
            .title("A threadgroup meets twice: softmax of a row")
            .reference(Sources.own("4.5 softmax", SOFTMAX_TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "Three passes over the row: the largest value, the sum of exp(x - largest), the quotients. Thread t takes the"
                            + " elements t, t + 128, t + 256, …")
            .hint(
                    "simd_max gives 32 lanes their largest value without memory. The four SIMD groups then meet in partial: lane 0 of"
                            + " each writes its place, a barrier, everyone reads all four.")
            .hint(
                    "partial is used twice. Between the last read of the maxima and the first write of a sum stands one more barrier.")
            .check(softmax("200 columns", seed -> new Draw(seed).normal(3, 200)))
            .check(softmax("fewer columns than threads", seed -> new Draw(seed).normal(2, 40)))
            .check(softmax(
                    "scores around 1000",
                    seed -> new Draw(seed).scaled(30, 2, 300).add(1000)))
            .check(softmax("one score far above the rest", RowKernelExercises::peak))
            .check(softmax(
                    "scores around -1000",
                    seed -> new Draw(seed).scaled(30, 2, 130).add(-1000)))
            .mistake(
                    "no barrier before reading",
                    "The other SIMD groups' places are read before their owners have written: without a threadgroup_barrier nothing orders"
                            + " the two.",
                    Sources.edited(
                            SOFTMAX_TEXT,
                            "partial[group] = most;\n}\n" + Sources.BARRIER,
                            "partial[group] = most;\n}\n"))
            .mistake(
                    "no barrier before writing again",
                    "partial is overwritten with sums while slower threads still read the maxima in it. A barrier between, or a second"
                            + " array.",
                    Sources.edited(SOFTMAX_TEXT, Sources.BARRIER + "float sum = 0;", "float sum = 0;"))
            .mistake(
                    "no maximum",
                    "exp overflows for scores around 1000: subtract the row's largest value first; it cancels in the quotient.",
                    Sources.edited(SOFTMAX_TEXT, "x[row * n + i] - most", "x[row * n + i]"))
            .mistake(
                    "the maximum begins at zero",
                    "The largest value of a row of negative scores comes out as 0, exp(x - 0) is 0 everywhere and 0 / 0 is NaN. Begin at"
                            + " -INFINITY.",
                    Sources.edited(SOFTMAX_TEXT, "float most = -INFINITY", "float most = 0"))
            .mistake(
                    "a sum of one SIMD group",
                    "Each SIMD group divides by its own sum, so the row sums to more than 1: simd_sum adds 32 lanes, not the"
                            + " threadgroup's 128. Add the four partial sums.",
                    Sources.edited(SOFTMAX_TEXT, "sum = partial[0] + partial[1] + partial[2] + partial[3];\n", ""))
            .mistake(
                    "stride of a SIMD group",
                    "The threads step by 32 and there are 128 of them: most elements are counted more than once, and written by several"
                            + " threads. Step by the number of threads.",
                    Sources.edited(SOFTMAX_TEXT, "i += 128", "i += 32"))
            .mistake(
                    "one column too many",
                    "The loop runs one element beyond the row: into the next row, and after the last row out of the buffer. i < n.",
                    Sources.edited(SOFTMAX_TEXT, "i < n", "i <= n"))
            .mistake(
                    "a barrier in a branch",
                    "Only lane 0 reaches this barrier, and the others wait elsewhere: every thread of the threadgroup has to reach the same"
                            + " barrier. Move it behind the if.",
                    Sources.edited(
                            SOFTMAX_TEXT,
                            "partial[group] = most;\n}\n" + Sources.BARRIER,
                            "partial[group] = most;\n  " + Sources.BARRIER + "}\n"))
            .mistake(
                    "not divided",
                    "The rows don't sum to 1: the last pass has to divide by the sum.",
                    Sources.edited(SOFTMAX_TEXT, " - most) / sum", " - most)"))
            .build();

    public static final Exercise<KernelText> NORM = Exercise.of("4.5 rmsnorm", KernelText.class)
            .title("Residual and RMSNorm in one launch")
            .reference(Sources.own("4.5 rmsnorm", NORM_TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "First pass: v = x + residual goes to the output sum, and v² into the thread's own total. Then the total of the row,"
                            + " as in the softmax, and a second pass that writes out.")
            .hint(
                    "In the second pass each thread reads back what it wrote itself, so sum needs no barrier; partial does.")
            .hint(
                    "float scale = rsqrt(total / float(n) + eps); out[row * n + i] = sum[row * n + i] * scale * weight[i];")
            .check(norm("200 columns", 3, 200, 1))
            .check(norm("one row, fewer columns than threads", 1, 70, 1))
            .check(norm("small values, where eps counts", 2, 128, 1e-3))
            .mistake(
                    "no barrier",
                    "The other SIMD groups' totals are read before they are written: a threadgroup_barrier has to stand between.",
                    Sources.edited(NORM_TEXT, Sources.BARRIER, ""))
            .mistake(
                    "a sum of squares, not a mean",
                    "The squares are added and not divided by n: RMS is the root of their mean.",
                    Sources.edited(NORM_TEXT, ") / float(n)", ")"))
            .mistake(
                    "eps outside of the root",
                    "eps is added after the root; in x / sqrt(mean + eps) it stands under it, and small rows show the difference.",
                    Sources.edited(NORM_TEXT, "rsqrt(mean + eps)", "1.0f / (sqrt(mean) + eps)"))
            .mistake(
                    "no weight",
                    "The normed values are not multiplied by weight.",
                    Sources.edited(NORM_TEXT, " * weight[i]", ""))
            .mistake(
                    "a weight for each row",
                    "weight has one value for each column, and all rows share it: index it by i alone.",
                    Sources.edited(NORM_TEXT, "weight[i]", "weight[row * n + i]"))
            .mistake(
                    "the residual is forgotten in the norm",
                    "The norm is of x alone: the squares and the result have to be those of x + residual.",
                    Sources.edited(
                            Sources.edited(NORM_TEXT, "squares += v * v", "squares += x[row * n + i] * x[row * n + i]")
                                    .get()
                                    .text(),
                            "= sum[row * n + i] * scale",
                            "= x[row * n + i] * scale"))
            .mistake(
                    "the sum is not kept",
                    "The output sum is never written: the next block of the model adds to it.",
                    Sources.edited(
                            Sources.edited(NORM_TEXT, "  sum[row * n + i] = v;\n", "")
                                    .get()
                                    .text(),
                            "= sum[row * n + i] * scale",
                            "= (x[row * n + i] + residual[row * n + i]) * scale"))
            .mistake(
                    "one SIMD group's squares",
                    "The mean is of one SIMD group's squares: the threadgroup has four of them, and partial has four places.",
                    Sources.edited(NORM_TEXT, "(partial[0] + partial[1] + partial[2] + partial[3])", "squares"))
            .build();

    private RowKernelExercises() {}

    private static Tensor peak(long seed) {
        float[] peak = new float[200];
        peak[150] = 500;
        return new Draw(seed).normal(2, 200).add(Tensor.of(peak, 200));
    }

    private static Case<KernelText> softmax(String name, LongFunction<Tensor> inputs) {
        return Case.of(
                name,
                inputs,
                (answer, x) -> KernelCheck.metal(
                                answer,
                                k -> k.inputs("x").outputs("out"),
                                Launch.grid(128 * x.dim(0)).group(128).output(DType.F32, x.shape()),
                                x)
                        .getFirst(),
                x -> {
                    Tensor e = x.sub(x.maxKeep(-1)).exp();
                    return e.div(e.sumKeep(-1));
                });
    }

    private static Case<KernelText> norm(String name, int rows, int n, double deviation) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    return new Normed(
                            draw.scaled(deviation, rows, n),
                            draw.scaled(deviation, rows, n),
                            draw.normal(n),
                            Tensor.scalar(1e-6f));
                },
                (answer, in) -> KernelCheck.metal(
                        answer,
                        k -> k.inputs("x", "residual", "weight", "eps").outputs("sum", "out"),
                        Launch.grid(128 * rows)
                                .group(128)
                                .output(DType.F32, rows, n)
                                .output(DType.F32, rows, n),
                        in.x(),
                        in.residual(),
                        in.weight(),
                        in.eps()),
                in -> {
                    Tensor sum = in.x().add(in.residual());
                    Tensor mean = sum.mul(sum).sumKeep(-1).div(n);
                    return List.of(sum, sum.div(mean.add(in.eps()).sqrt()).mul(in.weight()));
                });
    }
}
