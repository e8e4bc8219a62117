package tinyllm.lab.exercises.tensors;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.LoopMatmul;
import tinyllm.arrays.MatmulFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "0.1 matmul". */
public final class MatmulExercise {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Factors(float[] a, float[] b, int m, int k, int n) {}

    public static final Exercise<MatmulFn> MATMUL = Exercise.of("0.1 matmul", MatmulFn.class)
            .title("A matrix product is three loops")
            .reference(LoopMatmul::new)
            .hint("Two loops choose the entry (i, j) of the result; the third walks along row i of a and down column"
                    + " j of b.")
            .hint("Row-major: a[i, p] lies at a[i * k + p], b[p, j] at b[p * n + j], and out[i, j] at out[i * n + j].")
            .hint("Start a sum at 0 for each (i, j); for p from 0 to k - 1: sum += a[i * k + p] * b[p * n + j].")
            .check(situation("[2, 3] x [3, 4]", 2, 3, 4))
            .check(situation("square", 4, 4, 4))
            .check(situation("one row: a vector times a matrix", 1, 5, 3))
            .check(situation("one column: a matrix times a vector", 5, 3, 1))
            .check(situation("nothing to sum: k = 1", 3, 1, 4))
            .check(situation("odd sizes", 7, 13, 5))
            .mistake(
                    "b read by rows",
                    "The rows of b were taken for its columns: this is a times b transposed. b[p, j] lies at p * n +"
                            + " j.",
                    steps(() -> new Steps() {
                        @Override
                        int inB(int p, int j, int k, int n) {
                            return j * k + p;
                        }
                    }))
            .mistake(
                    "a read by columns",
                    "The columns of a were taken for its rows: a[i, p] lies at i * k + p.",
                    steps(() -> new Steps() {
                        @Override
                        int inA(int i, int p, int m, int k, int n) {
                            return p * m + i;
                        }
                    }))
            .mistake(
                    "stored transposed",
                    "The result lies there column by column: out[i, j] belongs at i * n + j.",
                    steps(() -> new Steps() {
                        @Override
                        int inOut(int i, int j, int m, int n) {
                            return j * m + i;
                        }
                    }))
            .mistake(
                    "a row of b counted with k",
                    "b's place is counted with k numbers in a row, and a row of b has n: b[p, j] lies at p * n + j.",
                    steps(() -> new Steps() {
                        @Override
                        int inB(int p, int j, int k, int n) {
                            return p * k + j;
                        }
                    }))
            .mistake(
                    "a row of a counted with n",
                    "a's place is counted with n numbers in a row, and a row of a has k: a[i, p] lies at i * k + p.",
                    steps(() -> new Steps() {
                        @Override
                        int inA(int i, int p, int m, int k, int n) {
                            return i * n + p;
                        }
                    }))
            .mistake(
                    "a row of the result counted with m",
                    "The result's place is counted with m numbers in a row, and a row of it has n: out[i, j] lies at i * n + j.",
                    steps(() -> new Steps() {
                        @Override
                        int inOut(int i, int j, int m, int n) {
                            return i * m + j;
                        }
                    }))
            .mistake(
                    "overwritten instead of summed",
                    "Each entry holds only its last product: add with +=, where = was written.",
                    steps(() -> new Steps() {
                        @Override
                        float add(float sum, float product) {
                            return product;
                        }
                    }))
            .mistake(
                    "sum never reset",
                    "The sum of one entry goes on into the next one: start it at 0 inside the loop over j.",
                    steps(() -> new Steps() {
                        @Override
                        float start(float before, int j) {
                            return before;
                        }
                    }))
            .mistake(
                    "sum reset once a row",
                    "The sum goes on along each row: it is set to 0 in the loop over i, but has to be in the loop over"
                            + " j.",
                    steps(() -> new Steps() {
                        @Override
                        float start(float before, int j) {
                            return j == 0 ? 0 : before;
                        }
                    }))
            .mistake(
                    "last product missing",
                    "The last product of every sum is missing: p runs from 0 to k - 1, so the loop says p < k.",
                    steps(() -> new Steps() {
                        @Override
                        int last(int k) {
                            return k - 1;
                        }
                    }))
            .mistake(
                    "added instead of multiplied",
                    "The entries were added where they are to be multiplied: sum += a * b.",
                    steps(() -> new Steps() {
                        @Override
                        float product(float a, float b) {
                            return a + b;
                        }
                    }))
            .build();

    private MatmulExercise() {}

    private static Case<MatmulFn> situation(String name, int m, int k, int n) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    return new Factors(
                            draw.normal(m, k).toFloats(), draw.normal(k, n).toFloats(), m, k, n);
                },
                (answer, in) -> shaped(answer.matmul(in.a(), in.b(), in.m(), in.k(), in.n()), in));
    }

    /** With its shape, so that a wrong entry has a row and a column; a wrong length stays one axis. */
    private static @Nullable Object shaped(float @Nullable [] result, Factors in) {
        if (result == null) {
            return null;
        }
        return result.length == in.m() * in.n() ? Tensor.of(result, in.m(), in.n()) : Tensor.of(result);
    }

    private static Supplier<MatmulFn> steps(Supplier<Steps> make) {
        return make::get;
    }

    /** The right loops in steps, of which each mistake replaces one. */
    private static class Steps implements MatmulFn {

        int inA(int i, int p, int m, int k, int n) {
            return i * k + p;
        }

        int inB(int p, int j, int k, int n) {
            return p * n + j;
        }

        int inOut(int i, int j, int m, int n) {
            return i * n + j;
        }

        float start(float before, int j) {
            return 0;
        }

        int last(int k) {
            return k;
        }

        float product(float a, float b) {
            return a * b;
        }

        float add(float sum, float product) {
            return sum + product;
        }

        @Override
        public float[] matmul(float[] a, float[] b, int m, int k, int n) {
            float[] out = new float[m * n];
            float sum = 0;
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    sum = start(sum, j);
                    for (int p = 0; p < last(k); p++) {
                        sum = add(sum, product(a[inA(i, p, m, k, n)], b[inB(p, j, k, n)]));
                    }
                    out[inOut(i, j, m, n)] = sum;
                }
            }
            return out;
        }
    }
}
