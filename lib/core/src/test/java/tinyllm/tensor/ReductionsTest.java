package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReductionsTest {
    interface Op {
        Tensor apply(Tensor x, int... axes);
    }

    record Reduction(String name, Op drop, @Nullable Op keep, Nd.Fold truth, boolean empty) {
        @Override
        public String toString() {
            return name;
        }
    }

    record Case(int[] shape, int[] axes) {}

    private static final List<Case> CASES = List.of(
            new Case(new int[] {}, new int[] {}),
            new Case(new int[] {1}, new int[] {0}),
            new Case(new int[] {6}, new int[] {}),
            new Case(new int[] {3, 4}, new int[] {0}),
            new Case(new int[] {3, 4}, new int[] {-1}),
            new Case(new int[] {3, 4}, new int[] {1, 0}),
            new Case(new int[] {2, 3, 4}, new int[] {-2}),
            new Case(new int[] {2, 3, 4}, new int[] {0, -1}),
            new Case(new int[] {0, 3}, new int[] {1}));
    private static final List<Case> OVER_NOTHING =
            List.of(new Case(new int[] {0, 3}, new int[] {0}), new Case(new int[] {0}, new int[] {}));

    static Stream<Reduction> reductions() {
        return Stream.of(
                new Reduction(
                        "sum",
                        Tensor::sum,
                        Tensor::sumKeep,
                        v -> Arrays.stream(v).sum(),
                        true),
                new Reduction(
                        "mean",
                        Tensor::mean,
                        Tensor::meanKeep,
                        v -> Arrays.stream(v).sum() / v.length,
                        true),
                new Reduction(
                        "max",
                        Tensor::max,
                        Tensor::maxKeep,
                        v -> Arrays.stream(v).max().orElseThrow(),
                        false),
                new Reduction(
                        "min",
                        Tensor::min,
                        Tensor::minKeep,
                        v -> Arrays.stream(v).min().orElseThrow(),
                        false),
                new Reduction(
                        "logSumExp",
                        Tensor::logSumExp,
                        null,
                        v -> Math.log(Arrays.stream(v).map(Math::exp).sum()),
                        true));
    }

    @ParameterizedTest
    @MethodSource("reductions")
    void matchesDoubles(Reduction op) {
        for (Case c : op.empty()
                ? Stream.concat(CASES.stream(), OVER_NOTHING.stream()).toList()
                : CASES) {
            int[] axes = Shapes.axes("test", c.shape(), c.axes());
            Nd x = Nd.random(1, -4, 4, c.shape());
            Nd kept = x.fold(op.truth(), axes);
            int[] dropped = IntStream.range(0, c.shape().length)
                    .filter(i -> IntStream.of(axes).noneMatch(a -> a == i))
                    .map(i -> c.shape()[i])
                    .toArray();
            for (DType dtype : List.of(DType.F32, DType.F64, DType.F16, DType.BF16)) {
                kept.reshaped(dropped).matches(op.drop().apply(x.tensor(dtype), c.axes()), dtype);
                if (op.keep() != null) {
                    kept.matches(op.keep().apply(x.tensor(dtype), c.axes()), dtype);
                }
            }
            if (c.shape().length == 2) {
                Nd turned = Nd.build(new int[] {c.shape()[1], c.shape()[0]}, i -> x.get(i[1], i[0]));
                kept.reshaped(dropped).matches(op.drop().apply(turned.tensor().T(), c.axes()));
            }
        }
    }

    @Test
    void halvesAreSummedInFullPrecision() {
        Tensor ones = Tensor.ones(DType.BF16, 10_000);
        assertThat(ones.sum().item()).isEqualTo(9984); // the BF16 number nearest to 10,000; adding in BF16 stops at 256
        assertThat(ones.mean().item()).isEqualTo(1);
    }

    @Test
    void integers() {
        Tensor x = Tensor.of(new int[] {100, 100, 100});
        assertThat(x.astype(DType.U8).sum().item()).isEqualTo(300);
        assertThat(x.astype(DType.I8).sum().dtype()).isEqualTo(DType.I32);
        assertThat(x.astype(DType.U16).sum().dtype()).isEqualTo(DType.U32);
        assertThat(x.gt(0).sum().item()).isEqualTo(3);
        assertThat(x.gt(0).sum().dtype()).isEqualTo(DType.I32);
        assertThat(x.astype(DType.I64).sum().dtype()).isEqualTo(DType.I64);
        assertThat(x.mean().dtype()).isEqualTo(DType.F32);
        assertThat(x.mean().item()).isEqualTo(100);
        assertThat(Tensor.scalar(3, DType.I32).mean().dtype()).isEqualTo(DType.F32);
        assertThat(Tensor.scalar(3, DType.I32).sum().item()).isEqualTo(3);
        assertThat(x.max().item()).isEqualTo(100);
    }

    @Test
    void extremesKeepNaN() {
        Tensor x = Tensor.of(new float[] {1, Float.NaN, 3});
        assertThat(x.max().item()).isNaN();
        assertThat(x.min().item()).isNaN();
    }

    @Test
    void logSumExpOfLargeNumbersAndOfNothingButMinusInfinity() {
        assertThat(Tensor.of(new float[] {1000, 1000}).logSumExp().item())
                .isCloseTo(1000 + Math.log(2), org.assertj.core.data.Offset.offset(1e-3));
        float low = Float.NEGATIVE_INFINITY;
        assertThat(Tensor.of(new float[] {low, low}).logSumExp().item()).isEqualTo(low);
    }

    @Test
    void positionsOfExtremes() {
        Nd x = Nd.integers(2, 0, 5, 3, 4, 5);
        for (int axis = -3; axis < 3; axis++) {
            int a = axis < 0 ? axis + 3 : axis;
            int[] shape = IntStream.range(0, 3)
                    .filter(i -> i != a)
                    .map(i -> x.shape()[i])
                    .toArray();
            x.fold(
                            v -> IntStream.range(0, v.length)
                                    .boxed()
                                    .max(Comparator.<Integer>comparingDouble(i -> v[i])
                                            .thenComparing(i -> -i))
                                    .orElseThrow(),
                            a)
                    .reshaped(shape)
                    .matches(x.tensor().argmax(axis), DType.I32);
            x.fold(
                            v -> IntStream.range(0, v.length)
                                    .boxed()
                                    .min(Comparator.comparingDouble(i -> v[i]))
                                    .orElseThrow(),
                            a)
                    .reshaped(shape)
                    .matches(x.tensor(DType.I32).argmin(axis), DType.I32);
        }
    }

    @Test
    void cumulativeSums() {
        Nd x = Nd.random(3, -4, 4, 2, 3, 4);
        for (int axis = 0; axis < 3; axis++) {
            int a = axis;
            Nd truth = Nd.build(x.shape(), i -> {
                double sum = 0;
                for (int j = 0; j <= i[a]; j++) {
                    int[] at = i.clone();
                    at[a] = j;
                    sum += x.get(at);
                }
                return sum;
            });
            truth.matches(x.tensor().cumsum(axis));
            truth.matches(x.tensor(DType.BF16).cumsum(axis - 3), DType.BF16);
        }
        assertThat(Tensor.of(new boolean[] {true, true, false}).cumsum(0).toInts())
                .containsExactly(1, 2, 2);
        assertThat(Tensor.zeros(DType.F32, 0).cumsum(0).size()).isZero();
        assertThat(Tensor.ones(DType.BF16, 1000).cumsum(0).toFloats()[999]).isEqualTo(1000);
    }

    @Test
    void sorting() {
        for (int n : new int[] {0, 1, 5, 1000}) {
            Nd x = Nd.integers(4, 0, 50, n);
            double[] sorted = Arrays.stream(x.values()).sorted().toArray();
            new Nd(x.shape(), sorted).matches(x.tensor().sort(0));
            double[] order = IntStream.range(0, n)
                    .boxed()
                    .sorted(Comparator.comparingDouble(i -> x.values()[i]))
                    .mapToDouble(i -> i)
                    .toArray();
            new Nd(x.shape(), order).matches(x.tensor().argsort(-1), DType.I32);
        }
        Tensor rows = Tensor.of(new float[] {3, 1, 2, 9, 8, 7}, 2, 3);
        assertThat(rows.sort(1).toFloats()).containsExactly(1, 2, 3, 7, 8, 9);
        assertThat(rows.sort(0).toFloats()).containsExactly(3, 1, 2, 9, 8, 7);
        assertThat(Tensor.of(new float[] {Float.NaN, 1, Float.NEGATIVE_INFINITY})
                        .sort(0)
                        .toFloats())
                .containsExactly(Float.NEGATIVE_INFINITY, 1, Float.NaN);
    }

    @Test
    void allAndAny() {
        assertThat(Tensor.of(new float[] {1, 2}).all()).isTrue();
        assertThat(Tensor.of(new float[] {1, 0}).all()).isFalse();
        assertThat(Tensor.of(new float[] {1, 0}).any()).isTrue();
        assertThat(Tensor.zeros(DType.I32, 2, 2).any()).isFalse();
        assertThat(Tensor.zeros(DType.BOOL, 0).all()).isTrue();
        assertThat(Tensor.zeros(DType.BOOL, 0).any()).isFalse();
    }
}
