package tinyllm.lab.exercises.quantized.gpu;

import java.time.Duration;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Sources;

/** Exercises "2.3b matrices" and "2.3b split-K": SIMD groups multiply matrices of 8 × 8; threadgroups share the columns of K. */
public final class MatrixKernels {

    public static final Exercise<KernelText> MATRICES = Exercise.of("2.3b matrices", KernelText.class)
            .title("SIMD groups multiply 8 × 8 matrices")
            .reference(Sources.own("2.3b matrices", MatmulTexts.MATRICES))
            .deadline(Duration.ofSeconds(90))
            .hint(
                    "Each SIMD group has 16 × 16 results: two by two matrices of 8 × 8, whose corner is (row, column). For each 8 of the"
                            + " tile's 32 columns it loads two matrices a of xs and two b of ws, and makes four products.")
            .hint(
                    "simdgroup_load(a[i], xs + (row + 8 * i) * 32 + k, 32) takes 8 rows that lie 32 apart. ws holds rows of w, and the product"
                            + " needs them as columns: the same with column and ws, and ulong2(0, 0), true behind the 32.")
            .hint(
                    "simdgroup_multiply_accumulate(sums[i], a[i / 2], b[i % 2], sums[i]). After the loop simdgroup_store(sums[i], xs +"
                            + " (row + i / 2 * 8) * 32 + column + i % 2 * 8, 32), a barrier, and every thread copies places t, t + 128, … to y"
                            + " where they exist.")
            .check(MatmulKernels.situation(MatmulKernels::matrices, "one tile", 32, 64, 32))
            .check(MatmulKernels.situation(MatmulKernels::matrices, "37 rows, 21 outputs", 37, 128, 21))
            .check(MatmulKernels.situation(MatmulKernels::matrices, "five rows, 40 outputs", 5, 64, 40))
            .mistake(
                    "w not transposed",
                    "The product is x · w inside of the matrices: ws holds rows of w, so its matrices have to be loaded transposed, with"
                            + " ulong2(0, 0), true behind the 32.",
                    Sources.edited(MatmulTexts.MATRICES, ", ulong2(0, 0), true", ""))
            .mistake(
                    "x transposed",
                    "The matrices of x are transposed: only those of w are, since its rows become columns.",
                    Sources.edited(
                            MatmulTexts.MATRICES,
                            "xs + (row + 8 * i) * 32 + k, 32)",
                            "xs + (row + 8 * i) * 32 + k, 32, ulong2(0, 0), true)"))
            .mistake(
                    "rows 8 apart",
                    "The rows of a matrix are loaded as if they followed each other: in the tile they lie 32 apart, which is the third"
                            + " argument.",
                    Sources.edited(MatmulTexts.MATRICES, " + k, 32", " + k, 8"))
            .mistake(
                    "only the first 8 columns",
                    "Only the first 8 of each 32 columns count: k steps by 8 up to 32.",
                    Sources.edited(MatmulTexts.MATRICES, "k < 32; k += 8", "k < 8; k += 8"))
            .mistake(
                    "nothing added up",
                    "Only the last product is left: accumulate adds the fourth argument, which is the sum so far.",
                    Sources.edited(
                            MatmulTexts.MATRICES,
                            "simdgroup_multiply_accumulate(sums[i], a[i / 2], b[i % 2], sums[i])",
                            "simdgroup_multiply(sums[i], a[i / 2], b[i % 2])"))
            .mistake(
                    "matrices mixed up",
                    "The two results off the diagonal are swapped: matrix i is at row i / 2 and column i % 2, in the product and in the"
                            + " store.",
                    Sources.edited(
                            MatmulTexts.MATRICES,
                            "(row + i / 2 * 8) * 32 + column + i % 2 * 8",
                            "(row + i % 2 * 8) * 32 + column + i / 2 * 8"))
            .mistake(
                    "the same quarter four times",
                    "All four SIMD groups work on the upper left quarter: add row and column to where you load and store.",
                    Sources.edited(
                            MatmulTexts.MATRICES,
                            "row = simdgroup_index_in_threadgroup / 2 * 16, column = simdgroup_index_in_threadgroup % 2 * 16",
                            "row = 0, column = 0"))
            .mistake(
                    "the next tile too early",
                    "Threads bring the next tile, or store over this one, while other SIMD groups still multiply: a barrier belongs behind"
                            + " the products.",
                    Sources.edited(MatmulTexts.MATRICES, "b[i % 2], sums[i]);", "  " + Sources.BARRIER, ""))
            .mistake(
                    "copied before it is stored",
                    "Threads copy results that another SIMD group has not stored yet: a barrier belongs between the store and the copy.",
                    Sources.edited(MatmulTexts.MATRICES, "simdgroup_store(", Sources.BARRIER, ""))
            .mistake(
                    "the result not guarded",
                    "y has an edge inside of the last tile: copy a place only where m < M and n < N.",
                    Sources.edited(MatmulTexts.MATRICES, "if (m < M && n < N) {", "{"))
            .build();

    public static final Exercise<KernelText> SPLIT = Exercise.of("2.3b split-K", KernelText.class)
            .title("Threadgroups share the columns")
            .reference(Sources.own("2.3b split-K", MatmulTexts.SPLIT))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "It is your tile of exercise 1 with another range: part p goes from p · share to (p + 1) · share, the last ones at most to"
                            + " K, and writes its sums apart from those of the other parts.")
            .hint(
                    "share is K / parts, rounded up to a multiple of 16: (K + parts * 16 - 1) / (parts * 16) * 16. The loop runs from"
                            + " part * share to min((part + 1) * share, K).")
            .hint(
                    "Column k is still counted from 0, for its word and its group. The result goes to partial[(part * M + m0 + r) * N + n0 +"
                            + " c]; a part without columns writes zeros.")
            .check(MatmulKernels.situation("two parts of 32", 16, 64, 16, 2))
            .check(MatmulKernels.situation("five parts, the last is empty", 5, 192, 20, 5))
            .check(MatmulKernels.situation("three parts of 112, 112, 96", 18, 320, 19, 3))
            .mistake(
                    "every part has all columns",
                    "Every part adds up all of K, so the sum of the parts is that many times too large: part p has its share alone.",
                    Sources.edited(MatmulTexts.SPLIT, "k0 = part * share; k0 < stop", "k0 = 0; k0 < K"))
            .mistake(
                    "all parts in one place",
                    "All parts write the same [M, N]: nothing orders threadgroups, so the last one wins. Part p begins at p · M · N.",
                    Sources.edited(MatmulTexts.SPLIT, "(part * M + m0 + r)", "(m0 + r)"))
            .mistake(
                    "beyond K",
                    "The last part runs beyond K, into the next row: it ends at min((part + 1) * share, K).",
                    Sources.edited(MatmulTexts.SPLIT, "min((part + 1) * share, K)", "(part + 1) * share"))
            .mistake(
                    "the rest forgotten",
                    "share is rounded down, and the last columns of K belong to nobody: round up to a multiple of 16.",
                    Sources.edited(
                            MatmulTexts.SPLIT, "(K + parts * 16 - 1) / (parts * 16) * 16", "K / (parts * 16) * 16"))
            .mistake(
                    "groups counted from the part's first column",
                    "Scales and biases are looked up from the part's own first column: groups are counted from column 0 of the row.",
                    Sources.edited(MatmulTexts.SPLIT, "+ k / 64", "+ (k - part * share) / 64"))
            .mistake(
                    "parts interleaved",
                    "Part p takes every parts-th tile: the sum of all is right, but here part p has neighbouring columns, which share scales.",
                    Sources.edited(
                            MatmulTexts.SPLIT,
                            "k0 = part * share; k0 < stop; k0 += 16",
                            "k0 = part * 16; k0 < K; k0 += parts * 16"))
            .mistake(
                    "a part without columns writes nothing",
                    "A part that has no columns leaves its place unwritten, and the sum takes what stands there: it writes zeros.",
                    Sources.edited(MatmulTexts.SPLIT, "if (m0 + r < M &&", "if (part * share < K && m0 + r < M &&"))
            .mistake(
                    "the parts' order",
                    "The parts lie inside of the rows, [M, parts, N]: partial is [parts, M, N].",
                    Sources.edited(MatmulTexts.SPLIT, "(part * M + m0 + r) * N", "((m0 + r) * parts + part) * N"))
            .mistake(
                    "the next tile too early",
                    "A fast thread brings the next tile while a slow one still multiplies the last: the second barrier is missing.",
                    Sources.edited(MatmulTexts.SPLIT, "sum += ", "  " + Sources.BARRIER + "}\n", "}\n"))
            .build();

    private MatrixKernels() {}
}
