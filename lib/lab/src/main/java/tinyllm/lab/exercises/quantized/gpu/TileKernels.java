package tinyllm.lab.exercises.quantized.gpu;

import java.time.Duration;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Sources;

/** Exercises "2.3b tile" and "2.3b registers": unpacked weights are shared, by 16 rows and by 32. */
public final class TileKernels {

    public static final Exercise<KernelText> TILE = Exercise.of("2.3b tile", KernelText.class)
            .title("Unpack once for 16 rows")
            .reference(Sources.own("2.3b tile", MatmulTexts.TILE))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "As in \"4.5 linear\": for each 16 of K every thread brings one value of x and one weight into threadgroup memory, all"
                            + " meet, each adds 16 products, all meet again. New is that the weight is unpacked on the way.")
            .hint(
                    "Thread (r, c) brings value k0 + c of row m0 + r of x, and of row n0 + r of w: the word is w[n * (K / 8) + k / 8], the"
                            + " scale and bias are those of group n * (K / 64) + k / 64. Beyond M or N it brings 0.")
            .hint("Then sum += xs[r][i] * ws[c][i] for the 16 values of i, since both tiles hold rows; and at the end"
                    + " y[(m0 + r) * N + n0 + c] = sum, if there is such a place.")
            .check(MatmulKernels.situation(MatmulKernels::squares, "one tile", 16, 64, 16))
            .check(MatmulKernels.situation(MatmulKernels::squares, "19 rows, 21 outputs, three groups", 19, 192, 21))
            .check(MatmulKernels.situation(MatmulKernels::squares, "one row, 40 outputs", 1, 128, 40))
            .mistake(
                    "a barrier is missing",
                    "One thread's tile meets another's: a barrier belongs between loading a tile and using it, and one more before the next"
                            + " one is loaded.",
                    Sources.edited(MatmulTexts.TILE, "ws[r][c] = v;", "  " + Sources.BARRIER, ""))
            .mistake(
                    "rows of x not guarded",
                    "The last tile reads rows of x beyond M: bring 0 there.",
                    Sources.edited(MatmulTexts.TILE, "m0 + r < M ? x[(m0 + r) * K + k] : 0.0f", "x[(m0 + r) * K + k]"))
            .mistake(
                    "rows of w not guarded",
                    "The last tile reads rows of w beyond N: bring 0 there.",
                    Sources.edited(MatmulTexts.TILE, "if (n < N) {", "{"))
            .mistake(
                    "the result not guarded",
                    "Threads of the last tile write beyond y's edge: columns that do not exist are the next row's first ones.",
                    Sources.edited(MatmulTexts.TILE, "if (m0 + r < M && n0 + c < N) {", "{"))
            .mistake(
                    "w not transposed",
                    "xs[r][i] · ws[i][c] runs down a column of the tile of w: rows of w are outputs, so the product runs along the rows of"
                            + " both, xs[r][i] * ws[c][i].",
                    Sources.edited(MatmulTexts.TILE, "ws[c][i]", "ws[i][c]"))
            .mistake(
                    "the tile's column counts, not K's",
                    "The word and its four bits are taken by c, the column inside of the tile: the second tile has the first one's"
                            + " weights again. Count with k = k0 + c.",
                    Sources.edited(MatmulTexts.TILE, "k / 8] >> (4 * (k % 8))", "c / 8] >> (4 * (c % 8))"))
            .mistake(
                    "a scale for each tile",
                    "Scale and bias are taken by tiles of 16 columns: a group is 64 values, four tiles.",
                    Sources.edited(
                            MatmulTexts.TILE, "n * (K / 64) + k / 64", "(n * (K / 64) + k / 16) % (N * (K / 64))"))
            .mistake(
                    "one row of scales",
                    "Every row of w has scales of its own: row n begins at n · (K / 64).",
                    Sources.edited(MatmulTexts.TILE, "n * (K / 64) + k / 64", "k / 64"))
            .mistake(
                    "only the last tile",
                    "Only the last 16 columns of K count: the sum begins anew with each tile. Declare it before the loop.",
                    Sources.edited(MatmulTexts.TILE, "k0 += 16) {\n", "k0 += 16) {\n  sum = 0;\n"))
            .build();

    public static final Exercise<KernelText> REGISTERS = Exercise.of("2.3b registers", KernelText.class)
            .title("Four results for each thread")
            .reference(Sources.own("2.3b registers", MatmulTexts.REGISTERS))
            .deadline(Duration.ofSeconds(60))
            .hint(
                    "Thread (r, c) owns the results at rows r and r + 16, columns c and c + 16 of the tile. For each i it loads two values of"
                            + " xs and two of ws, and makes four products of them.")
            .hint(
                    "a0 = xs[r][i] and a1 = xs[r + 16][i] meet b0 = ws[c][i] and b1 = ws[c + 16][i]; sums[0][1] is the one of a0 and b1.")
            .hint(
                    "At the end four places of y, each guarded for itself: row m0 + r + 16 · p, column n0 + c + 16 · q gets sums[p][q] for p and"
                            + " q of 0 and 1.")
            .check(MatmulKernels.situation(MatmulKernels::registers, "one tile", 32, 64, 32))
            .check(MatmulKernels.situation(MatmulKernels::registers, "37 rows, 21 outputs", 37, 128, 21))
            .check(MatmulKernels.situation(MatmulKernels::registers, "five rows, 70 outputs", 5, 64, 70))
            .mistake(
                    "a barrier is missing",
                    "One thread's tile meets another's: a barrier belongs between the loads and the products, and one more before the next"
                            + " loads.",
                    Sources.edited(MatmulTexts.REGISTERS, "ws[h][c] = v;", "  " + Sources.BARRIER, ""))
            .mistake(
                    "the sums swapped",
                    "The results off the diagonal are swapped: sums[0][1] is the upper row of x with the later row of w.",
                    Sources.edited(MatmulTexts.REGISTERS, "= sums[p / 2][p % 2]", "= sums[p % 2][p / 2]"))
            .mistake(
                    "neighbours instead of 16 apart",
                    "The products are of rows r and r + 16, but they are written to rows 2r and 2r + 1 (and columns likewise): one plan for"
                            + " both, 16 apart.",
                    Sources.edited(
                            MatmulTexts.REGISTERS,
                            "m = m0 + r + p / 2 * 16, n = n0 + c + p % 2 * 16",
                            "m = m0 + 2 * r + p / 2, n = n0 + 2 * c + p % 2"))
            .mistake(
                    "a quarter only",
                    "Only the 16 × 16 results in the upper left are written: each thread has four.",
                    Sources.edited(MatmulTexts.REGISTERS, "p < 4", "p < 1"))
            .mistake(
                    "the upper rows twice",
                    "Rows 16 to 31 of the tile are those of 0 to 15 again: the second value of x is xs[r + 16][i].",
                    Sources.edited(MatmulTexts.REGISTERS, "a1 = xs[r + 16][i]", "a1 = xs[r][i]"))
            .mistake(
                    "the left columns twice",
                    "Columns 16 to 31 of the tile are those of 0 to 15 again: the second value of w is ws[c + 16][i].",
                    Sources.edited(MatmulTexts.REGISTERS, "b1 = ws[c + 16][i]", "b1 = ws[c][i]"))
            .mistake(
                    "the result not guarded",
                    "y has an edge inside of the last tile: guard each of the four places for itself, with its own m < M and n < N.",
                    Sources.edited(MatmulTexts.REGISTERS, "if (m < M && n < N) {", "{"))
            .build();

    private TileKernels() {}
}
