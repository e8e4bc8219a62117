package tinyllm.lab.exercises.quantized.gpu;

import java.time.Duration;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "2.3a naive" and "2.3a matvec": one row of activations times 4-bit weights. */
public final class MatvecKernels {

    static final String NAIVE_TEXT = """
            uint n = thread_position_in_grid.x;
            uint K = uint(x_shape[0]), N = uint(w_shape[0]);
            if (n < N) {
              float sum = 0;
              for (uint k = 0; k < K; ++k) {
                uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                uint g = n * (K / 64) + k / 64;
                sum += x[k] * (scales[g] * float(q) + biases[g]);
              }
              y[n] = sum;
            }
            """;

    static final String MATVEC_TEXT = """
            uint K = uint(x_shape[0]), N = uint(w_shape[0]), lane = thread_index_in_simdgroup;
            uint first = (threadgroup_position_in_grid.x * 2 + simdgroup_index_in_threadgroup) * 4;
            float sums[4] = {0, 0, 0, 0};
            for (uint k = lane * 8; k < K; k += 256) {
              float values[8], total = 0;
              for (uint j = 0; j < 8; ++j) {
                values[j] = x[k + j];
                total += values[j];
              }
              for (uint r = 0; r < 4; ++r) {
                uint n = first + r, g = n * (K / 64) + k / 64;
                if (n < N) {
                  uint word = w[n * (K / 8) + k / 8];
                  float dot = 0;
                  for (uint j = 0; j < 8; ++j) {
                    dot += float((word >> (4 * j)) & 15u) * values[j];
                  }
                  sums[r] += scales[g] * dot + biases[g] * total;
                }
              }
            }
            for (uint r = 0; r < 4; ++r) {
              float sum = simd_sum(sums[r]);
              if (lane == 0 && first + r < N) {
                y[first + r] = sum;
              }
            }
            """;

    public static final Exercise<KernelText> NAIVE = Exercise.of("2.3a naive", KernelText.class)
            .title("One thread for each output")
            .reference(Sources.own("2.3a naive", NAIVE_TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "Thread n goes along row n of the weights, k from 0 to K - 1: take value k out of its word, make it a number again,"
                            + " multiply it with x[k].")
            .hint(
                    "A word holds eight values, the first in its lowest bits: value k is in word k / 8 of the row, and 4 · (k % 8) bits have"
                            + " to be shifted away before & 15.")
            .hint(
                    "The weight is scales[g] * q + biases[g] with g = n * (K / 64) + k / 64; the row's words begin at n * (K / 8).")
            .check(situation(true, "one group, eight rows", 64, 8))
            .check(situation(true, "five groups, 19 rows", 320, 19))
            .check(situation(true, "more rows than a threadgroup", 128, 70))
            .mistake(
                    "high bits first",
                    "The eight values of a word come out in reverse: the first stands in the lowest four bits, so shift by 4 · (k % 8).",
                    Sources.edited(NAIVE_TEXT, "(4 * (k % 8))", "(28 - 4 * (k % 8))"))
            .mistake(
                    "no mask",
                    "After the shift the later values of the word are still there, above: & 15 keeps four bits.",
                    Sources.edited(NAIVE_TEXT, " & 15u", ""))
            .mistake(
                    "rows of K words",
                    "A row has K / 8 words, not K: eight values share one.",
                    Sources.edited(NAIVE_TEXT, "n * (K / 8)", "n * K"))
            .mistake(
                    "one row of scales",
                    "Every row has scales of its own: K / 64 of them, so row n begins at n · (K / 64).",
                    Sources.edited(NAIVE_TEXT, "n * (K / 64) + k / 64", "k / 64"))
            .mistake(
                    "groups of 32",
                    "A group here is 64 values: with k / 32 the second half of a group takes the next one's scale.",
                    Sources.edited(NAIVE_TEXT, "k / 64;", "k / 32;"))
            .mistake(
                    "no bias",
                    "q alone runs from 0 to 15 and is never negative: the group's bias is missing.",
                    Sources.edited(NAIVE_TEXT, " + biases[g]", ""))
            .mistake(
                    "signed values",
                    "q is taken as 0 to 15 less 8; this format has no fixed zero, the bias says where it lies.",
                    Sources.edited(NAIVE_TEXT, "float(q) +", "(float(q) - 8.0f) +"))
            .mistake(
                    "no guard",
                    "Threads beyond the last row read and write foreign memory: the grid is rounded up to 32. Guard with n < N.",
                    Sources.edited(NAIVE_TEXT, "if (n < N) {", "{"))
            .build();

    public static final Exercise<KernelText> MATVEC = Exercise.of("2.3a matvec", KernelText.class)
            .title("A SIMD group for four rows")
            .reference(Sources.own("2.3a matvec", MATVEC_TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "Lane l takes the eight values from k = 8 · l on, then those 256 further: 32 lanes read 32 neighbouring words. At the end"
                            + " simd_sum adds what the lanes have.")
            .hint(
                    "Σ (scale · q + bias) · x over eight values is scale · Σ q·x + bias · Σ x. Σ x is the same for all four rows: compute it"
                            + " once, outside of the loop over rows.")
            .hint("All lanes take part in simd_sum(sums[r]); then lane 0 writes y[first + r], if there is such a row.")
            .check(situation(false, "one group, eight rows", 64, 8))
            .check(situation(false, "one round and a bit, 19 rows", 320, 19))
            .check(situation(false, "two rounds", 512, 12))
            .mistake(
                    "lanes not added",
                    "y has one lane's share alone: add the 32 lanes with simd_sum, before you ask who writes, since it adds only the"
                            + " lanes that reach it.",
                    Sources.edited(MATVEC_TEXT, "simd_sum(sums[r])", "sums[r]"))
            .mistake(
                    "every lane writes",
                    "All 32 lanes write the same place: the numbers are equal, and it is a race all the same. Let lane 0 write.",
                    Sources.edited(MATVEC_TEXT, "lane == 0 && first", "first"))
            .mistake(
                    "rows not guarded",
                    "N is no multiple of 8 here, and the last SIMD group reads rows that do not exist. Ask n < N before reading.",
                    Sources.edited(MATVEC_TEXT, "if (n < N) {", "{"))
            .mistake(
                    "the result not guarded",
                    "y is written beyond its end: the last SIMD group has four rows only where N is a multiple of 4.",
                    Sources.edited(MATVEC_TEXT, "lane == 0 && first + r < N", "lane == 0"))
            .mistake(
                    "the bias added, not weighted",
                    "The bias is added once for eight values: it belongs to each weight, so it is multiplied by the sum of their x.",
                    Sources.edited(MATVEC_TEXT, "biases[g] * total", "biases[g]"))
            .mistake(
                    "stride of the lanes",
                    "32 lanes take eight values each, 256 in a round; with a smaller step values are counted again and again.",
                    Sources.edited(MATVEC_TEXT, "k += 256", "k += 32"))
            .mistake(
                    "one row four times",
                    "All four sums belong to the first row: r has to choose the row of w and of the scales, too.",
                    Sources.edited(MATVEC_TEXT, "n = first + r,", "n = first,"))
            .mistake(
                    "one SIMD group for all",
                    "Both SIMD groups of a threadgroup take the same rows: simdgroup_index_in_threadgroup tells them apart.",
                    Sources.edited(
                            MATVEC_TEXT,
                            "(threadgroup_position_in_grid.x * 2 + simdgroup_index_in_threadgroup) * 4",
                            "threadgroup_position_in_grid.x * 4"))
            .build();

    private MatvecKernels() {}

    /** With the names that both exercises use. */
    public static MetalKernel named(String text) {
        return MetalKernel.of(text).inputs("x", "w", "scales", "biases").outputs("y");
    }

    /** One thread for each of n outputs. */
    public static Launch oneThreadEach(int n) {
        return Launch.grid(KernelCheck.up(n, 32)).group(32).output(DType.F32, n);
    }

    /** Two SIMD groups with four outputs each. */
    public static Launch simdGroups(int n) {
        return Launch.grid(KernelCheck.up(n, 8) * 8).group(64).output(DType.F32, n);
    }

    private static Case<KernelText> situation(boolean naive, String name, int k, int n) {
        return Case.<KernelText, QuantizedInputs>of(
                        name,
                        seed -> QuantizedInputs.draw(seed, 1, k, n),
                        (answer, in) -> KernelCheck.metal(
                                        answer,
                                        kernel -> kernel.inputs("x", "w", "scales", "biases")
                                                .outputs("y"),
                                        naive ? oneThreadEach(n) : simdGroups(n),
                                        in.x().reshape(k),
                                        in.words(),
                                        in.scales(),
                                        in.biases())
                                .getFirst(),
                        in -> in.product().reshape(n))
                .within(1e-3, 1e-3);
    }

    /** The arguments of a call, in the kernels' order. */
    public static Tensor[] arguments(QuantizedInputs in) {
        return new Tensor[] {in.x().reshape((int) in.x().size()), in.words(), in.scales(), in.biases()};
    }
}
