package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import tinyllm.tensor.Verdict.Kind;

class VerdictTest {
    private static final float INF = Float.POSITIVE_INFINITY;

    private static Verdict compare(float[] expected, float[] actual) {
        return Verdict.compare(Tensor.of(expected), Tensor.of(actual), 0, 0.01);
    }

    @Test
    void equal() {
        Verdict verdict = compare(new float[] {1, 2}, new float[] {1, 2});
        assertThat(verdict.ok()).isTrue();
        assertThat(verdict.maxAbsError()).isZero();
        assertThat(verdict.message()).isEqualTo("equal");
    }

    @Test
    void withinTheTolerance() {
        Verdict verdict = compare(new float[] {1, 2}, new float[] {1, 2.0078125f});
        assertThat(verdict.ok()).isTrue();
        assertThat(verdict.maxAbsError()).isEqualTo(0.0078125);
        assertThat(verdict.maxRelError()).isEqualTo(0.00390625);
        assertThat(verdict.message()).isEqualTo("equal within the tolerance; the largest error is 0.0078125");
        assertThat(Verdict.compare(Tensor.of(new float[] {1000}), Tensor.of(new float[] {1001}), 1e-2, 0)
                        .ok())
                .isTrue();
        assertThat(Verdict.compare(Tensor.of(new float[] {1000}), Tensor.of(new float[] {1001}), 1e-4, 0)
                        .ok())
                .isFalse();
    }

    @Test
    void none() {
        Verdict verdict = Verdict.compare(Tensor.zeros(DType.F32, 2, 3), null);
        assertThat(verdict.kind()).isEqualTo(Kind.NULL);
        assertThat(verdict.message()).isEqualTo("a tensor of shape [2, 3] expected, got null");
        assertThat(verdict.actualShape()).isNull();
    }

    @Test
    void wrongShape() {
        Verdict verdict = Verdict.compare(Tensor.zeros(DType.F32, 2, 3), Tensor.zeros(DType.I32, 3, 2), 1e9, 1e9);
        assertThat(verdict.kind()).isEqualTo(Kind.WRONG_SHAPE);
        assertThat(verdict.message()).isEqualTo("shape [2, 3] expected, got [3, 2]");
        assertThat(Verdict.compare(Tensor.zeros(DType.F32), Tensor.zeros(DType.F32, 1))
                        .kind())
                .isEqualTo(Kind.WRONG_SHAPE);
    }

    @Test
    void wrongDtype() {
        Verdict verdict = Verdict.compare(Tensor.zeros(DType.F32, 2), Tensor.zeros(DType.F16, 2));
        assertThat(verdict.kind()).isEqualTo(Kind.WRONG_DTYPE);
        assertThat(verdict.message()).isEqualTo("dtype F32 expected, got F16");
    }

    @Test
    void wrongValueNamesTheFirstIndex() {
        Tensor expected = Tensor.full(0.25, DType.F32, 2, 3, 2);
        Tensor actual =
                expected.putAlongAxis(Tensor.of(new int[] {1}, 1, 1, 1).broadcastTo(2, 3, 1), Tensor.scalar(0.5), 2);
        Verdict verdict = Verdict.compare(expected, actual);
        assertThat(verdict.kind()).isEqualTo(Kind.WRONG_VALUE);
        assertThat(verdict.firstWrong()).containsExactly(0, 0, 1);
        assertThat(verdict.message())
                .isEqualTo("first difference at [0, 0, 1]: expected 0.25, got 0.5 (6 of 12 values differ)");
        assertThat(verdict.maxAbsError()).isEqualTo(0.25);
        assertThat(verdict.maxRelError()).isEqualTo(1);
        assertThat(verdict.expectedThere()).isEqualTo(0.25);
        assertThat(verdict.actualThere()).isEqualTo(0.5);
    }

    @Test
    void nanFailsAlways() {
        Verdict verdict =
                Verdict.compare(Tensor.of(new float[] {1, 2, 3}), Tensor.of(new float[] {9, Float.NaN, 3}), 1e30, 1e30);
        assertThat(verdict.kind()).isEqualTo(Kind.NOT_FINITE);
        assertThat(verdict.firstWrong()).containsExactly(1);
        assertThat(verdict.message()).startsWith("first value that is not finite at [1]: expected 2, got NaN");
        assertThat(verdict.maxAbsError()).isInfinite();
    }

    @Test
    void nanWhereExpectedIsRight() {
        assertThat(compare(new float[] {Float.NaN}, new float[] {Float.NaN}).ok())
                .isTrue();
        assertThat(compare(new float[] {Float.NaN}, new float[] {0}).kind()).isEqualTo(Kind.WRONG_VALUE);
    }

    @Test
    void infinitiesMatchBySign() {
        assertThat(compare(new float[] {INF, -INF}, new float[] {INF, -INF}).ok())
                .isTrue();
        assertThat(compare(new float[] {INF}, new float[] {-INF}).ok()).isFalse();
        assertThat(compare(new float[] {INF}, new float[] {1e38f}).kind()).isEqualTo(Kind.WRONG_VALUE);
        assertThat(compare(new float[] {1}, new float[] {INF}).kind()).isEqualTo(Kind.NOT_FINITE);
        assertThat(Verdict.compare(Tensor.of(new float[] {INF}), Tensor.of(new float[] {1}), 1, 1)
                        .ok())
                .isFalse();
    }

    @Test
    void integersAreExact() {
        Tensor large = Tensor.of(new long[] {(1L << 60) + 1});
        assertThat(Verdict.compare(large, Tensor.of(new long[] {1L << 60})).kind())
                .isEqualTo(Kind.WRONG_VALUE);
        assertThat(Verdict.compare(large, Tensor.of(new long[] {(1L << 60) + 1}))
                        .ok())
                .isTrue();
        assertThat(Verdict.compare(Tensor.of(new boolean[] {true}), Tensor.of(new boolean[] {false}))
                        .ok())
                .isFalse();
    }

    @Test
    void toleranceByDtype() {
        Tensor one = Tensor.ones(DType.BF16, 1);
        assertThat(Verdict.compare(one, one.add(0.0078125)).ok()).isTrue();
        assertThat(Verdict.compare(one, one.add(0.125)).ok()).isFalse();
        assertThat(Tolerance.of(DType.I32)).isEqualTo(Tolerance.EXACT);
        assertThatThrownBy(() -> Verdict.compare(one, one, Double.NaN, 0)).hasMessageContaining("rtol NaN");
        assertThatThrownBy(() -> Verdict.compare(one, one, 0, -1)).hasMessageContaining("atol -1");
    }

    @Test
    void nothingEqualsNothing() {
        assertThat(Verdict.compare(Tensor.zeros(DType.F32, 0, 3), Tensor.ones(DType.F32, 0, 3))
                        .ok())
                .isTrue();
    }
}
