package tinyllm.lab.exercises.metal;

import java.time.Duration;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "4.5 linear": a dense product, 16 × 16 results for each threadgroup. */
public final class LinearKernel {

    static final String TEXT = """
            threadgroup float xs[16][16];
            threadgroup float ws[16][16];
            uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
            uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
            uint m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16;
            float sum = 0;
            for (uint k0 = 0; k0 < K; k0 += 16) {
              xs[r][c] = m0 + r < M && k0 + c < K ? x[(m0 + r) * K + k0 + c] : 0.0f;
              ws[r][c] = n0 + r < N && k0 + c < K ? w[(n0 + r) * K + k0 + c] : 0.0f;
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint k = 0; k < 16; ++k) {
                sum += xs[r][k] * ws[c][k];
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
            }
            if (m0 + r < M && n0 + c < N) {
              y[(m0 + r) * N + n0 + c] = sum;
            }
            """;

    private record Product(Tensor x, Tensor w) {}

    public static final Exercise<KernelText> LINEAR = Exercise.of("4.5 linear", KernelText.class)
            .title("x · wᵀ, tile by tile through threadgroup memory")
            .reference(Sources.own("4.5 linear", TEXT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "For each 16 columns of K: the 256 threads load a tile of x and one of w, a value each; then each thread adds 16"
                            + " products from threadgroup memory to its own sum.")
            .hint(
                    "Two barriers in the loop: the tiles are complete before anyone multiplies, and everyone has multiplied before anyone"
                            + " loads the next ones.")
            .hint(
                    "Beyond an edge a tile holds 0: xs[r][c] = m0 + r < M && k0 + c < K ? x[(m0 + r) * K + k0 + c] : 0.0f; rows of w are"
                            + " outputs, so ws[r][c] takes row n0 + r, and the product uses xs[r][k] * ws[c][k].")
            .check(situation("one tile", 16, 16, 16))
            .check(situation("several tiles", 32, 48, 32))
            .check(situation("sizes that are no multiple of 16", 5, 37, 21))
            .mistake(
                    "no barrier after loading",
                    "Tiles are multiplied while other threads still load them: a barrier has to stand between loading and multiplying.",
                    Sources.edited(TEXT, "  " + Sources.BARRIER + "  for", "  for"))
            .mistake(
                    "no barrier before the next tile",
                    "A fast thread loads the next tile over values that a slow one still multiplies: the loop needs a second barrier at its"
                            + " end.",
                    Sources.edited(TEXT, "  }\n  " + Sources.BARRIER + "}", "  }\n}"))
            .mistake(
                    "rows of x not guarded",
                    "The last tile has fewer rows than 16: rows beyond M are read from foreign memory. Load 0 there.",
                    Sources.edited(TEXT, "m0 + r < M && k0 + c < K ?", "k0 + c < K ?"))
            .mistake(
                    "columns of K not guarded",
                    "Beyond column K lies the next row, and its values are multiplied, too: load 0 there.",
                    Sources.edited(TEXT, " && k0 + c < K ?", " ?"))
            .mistake(
                    "the result not guarded",
                    "Threads of the last tile write beyond y: columns that do not exist are the next row's first ones.",
                    Sources.edited(TEXT, "if (m0 + r < M && n0 + c < N) {", "{"))
            .mistake(
                    "w not transposed",
                    "xs[r][k] · ws[k][c] is x · w inside of a tile: rows of w are outputs, so the product runs along the rows of both tiles,"
                            + " xs[r][k] * ws[c][k].",
                    Sources.edited(TEXT, "ws[c][k]", "ws[k][c]"))
            .mistake(
                    "only the last tile",
                    "Only the last 16 columns of K count: the sum begins anew with each tile. Declare it before the loop.",
                    Sources.edited(TEXT, "k0 += 16) {\n", "k0 += 16) {\n  sum = 0;\n"))
            .mistake(
                    "rows and columns of tiles swapped",
                    "The grid's x counts tiles of N and its y tiles of M: here they are swapped.",
                    Sources.edited(
                            TEXT,
                            "m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16",
                            "m0 = threadgroup_position_in_grid.x * 16, n0 = threadgroup_position_in_grid.y * 16"))
            .build();

    private LinearKernel() {}

    private static Case<KernelText> situation(String name, int m, int k, int n) {
        return Case.<KernelText, Product>of(
                        name,
                        seed -> {
                            Draw draw = new Draw(seed);
                            return new Product(draw.normal(m, k), draw.normal(n, k));
                        },
                        (answer, in) -> KernelCheck.metal(
                                        answer,
                                        kernel -> kernel.inputs("x", "w").outputs("y"),
                                        Launch.grid(KernelCheck.up(n, 16), KernelCheck.up(m, 16))
                                                .group(16, 16)
                                                .output(DType.F32, m, n),
                                        in.x(),
                                        in.w())
                                .getFirst(),
                        in -> in.x().matmul(in.w().transpose()))
                .within(1e-4, 1e-4);
    }
}
