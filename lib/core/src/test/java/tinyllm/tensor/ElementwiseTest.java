package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ElementwiseTest {
    private static final List<int[]> SHAPES = List.of(
            new int[] {},
            new int[] {1},
            new int[] {7},
            new int[] {0},
            new int[] {2, 0, 3},
            new int[] {3, 1, 5},
            new int[] {2, 3, 4, 5});
    private static final List<int[][]> PAIRS = List.of(
            new int[][] {{}, {}},
            new int[][] {{3}, {}},
            new int[][] {{}, {2, 3}},
            new int[][] {{2, 3}, {2, 3}},
            new int[][] {{2, 3}, {3}},
            new int[][] {{4, 1}, {1, 5}},
            new int[][] {{2, 1, 3}, {4, 1}},
            new int[][] {{0, 3}, {1, 3}},
            new int[][] {{1}, {0}});

    record Unary(String name, UnaryOperator<Tensor> op, DoubleUnaryOperator truth, double low, double high) {
        @Override
        public String toString() {
            return name;
        }
    }

    record Binary(String name, BinaryOperator<Tensor> op, DoubleBinaryOperator truth, double low, double high) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Unary> unary() {
        return Stream.of(
                new Unary("neg", Tensor::neg, x -> -x, -5, 5),
                new Unary("abs", Tensor::abs, Math::abs, -5, 5),
                new Unary("exp", Tensor::exp, Math::exp, -5, 5),
                new Unary("log", Tensor::log, Math::log, 0.2, 9),
                new Unary("sqrt", Tensor::sqrt, Math::sqrt, 0, 9),
                new Unary("rsqrt", Tensor::rsqrt, x -> 1 / Math.sqrt(x), 0.2, 9),
                new Unary("square", Tensor::square, x -> x * x, -5, 5),
                new Unary("sin", Tensor::sin, Math::sin, -9, 9),
                new Unary("cos", Tensor::cos, Math::cos, -9, 9),
                new Unary("tanh", Tensor::tanh, Math::tanh, -5, 5),
                new Unary("sigmoid", Tensor::sigmoid, x -> 1 / (1 + Math.exp(-x)), -9, 9),
                new Unary("floor", Tensor::floor, Math::floor, -5, 5),
                new Unary("round", Tensor::round, Math::rint, -5, 5),
                new Unary("add 2", x -> x.add(2), x -> x + 2, -5, 5),
                new Unary("sub 0.5", x -> x.sub(0.5), x -> x - 0.5, -5, 5),
                new Unary("mul -3", x -> x.mul(-3), x -> x * -3, -5, 5),
                new Unary("div 4", x -> x.div(4), x -> x / 4, -5, 5),
                new Unary("pow 3", x -> x.pow(3), x -> x * x * x, -3, 3),
                new Unary("pow 2", x -> x.pow(2), x -> x * x, -3, 3),
                new Unary("pow -0.5", x -> x.pow(-0.5), x -> Math.pow(x, -0.5), 0.2, 5),
                new Unary("maximum 1", x -> x.maximum(1), x -> Math.max(x, 1), -5, 5),
                new Unary("minimum 1", x -> x.minimum(1), x -> Math.min(x, 1), -5, 5));
    }

    static Stream<Binary> binary() {
        return Stream.of(
                new Binary("add", Tensor::add, Double::sum, -5, 5),
                new Binary("sub", Tensor::sub, (x, y) -> x - y, -5, 5),
                new Binary("mul", Tensor::mul, (x, y) -> x * y, -5, 5),
                new Binary("div", Tensor::div, (x, y) -> x / y, 0.5, 5),
                new Binary("pow", Tensor::pow, Math::pow, 0.5, 3),
                new Binary("maximum", Tensor::maximum, Math::max, -5, 5),
                new Binary("minimum", Tensor::minimum, Math::min, -5, 5),
                new Binary("remainder", Tensor::remainder, (x, y) -> x - y * Math.floor(x / y), 0.5, 5),
                new Binary("floorDivide", Tensor::floorDivide, (x, y) -> Math.floor(x / y), 0.5, 5));
    }

    static Stream<Binary> comparisons() {
        return Stream.of(
                new Binary("lt", Tensor::lt, (x, y) -> x < y ? 1 : 0, 0, 3),
                new Binary("le", Tensor::le, (x, y) -> x <= y ? 1 : 0, 0, 3),
                new Binary("gt", Tensor::gt, (x, y) -> x > y ? 1 : 0, 0, 3),
                new Binary("ge", Tensor::ge, (x, y) -> x >= y ? 1 : 0, 0, 3),
                new Binary("eq", Tensor::eq, (x, y) -> x == y ? 1 : 0, 0, 3),
                new Binary("ne", Tensor::ne, (x, y) -> x != y ? 1 : 0, 0, 3));
    }

    @ParameterizedTest
    @MethodSource("unary")
    void unaryMatchesDoubles(Unary op) {
        for (int[] shape : SHAPES) {
            Nd x = Nd.random(1, op.low(), op.high(), shape);
            x.map(op.truth()).matches(op.op().apply(x.tensor()));
            x.map(op.truth()).matches(op.op().apply(x.tensor(DType.F64)), DType.F64, new Tolerance(1e-6, 1e-7));
            x.map(op.truth()).matches(op.op().apply(x.tensor(DType.F16)), DType.F16);
            x.map(op.truth()).matches(op.op().apply(x.tensor(DType.BF16)), DType.BF16, new Tolerance(3e-2, 2e-2));
        }
    }

    @ParameterizedTest
    @MethodSource("unary")
    void unaryReadsStridedMemory(Unary op) {
        Nd x = Nd.random(2, op.low(), op.high(), 3, 4);
        Nd truth = Nd.build(new int[] {4, 3}, i -> op.truth().applyAsDouble(x.get(i[1], i[0])));
        truth.matches(op.op().apply(x.tensor().T()));
    }

    @ParameterizedTest
    @MethodSource("binary")
    void binaryMatchesDoublesAndBroadcasts(Binary op) {
        for (int[][] pair : PAIRS) {
            Nd x = Nd.random(3, op.low(), op.high(), pair[0]);
            Nd y = Nd.random(4, op.low(), op.high(), pair[1]);
            x.with(y, op.truth()).matches(op.op().apply(x.tensor(), y.tensor()));
            x.with(y, op.truth())
                    .matches(
                            op.op().apply(x.tensor(DType.F64), y.tensor(DType.F64)),
                            DType.F64,
                            new Tolerance(1e-6, 1e-7));
        }
    }

    @ParameterizedTest
    @MethodSource("binary")
    void integersMatchDoubles(Binary op) {
        for (DType dtype : List.of(DType.I32, DType.I64, DType.U8, DType.I16, DType.U32)) {
            Nd x = Nd.integers(5, 1, 10, 4, 5);
            Nd y = Nd.integers(6, 1, 3, 5);
            x.with(y, op.truth())
                    .matches(
                            op.op().apply(x.tensor(dtype), y.tensor(dtype)),
                            op.name().equals("div") ? DType.F32 : dtype);
        }
    }

    @ParameterizedTest
    @MethodSource("comparisons")
    void comparisonsMatchDoubles(Binary op) {
        for (int[][] pair : PAIRS) {
            Nd x = Nd.integers(7, 0, 3, pair[0]);
            Nd y = Nd.integers(8, 0, 3, pair[1]);
            x.with(y, op.truth()).matches(op.op().apply(x.tensor(), y.tensor()), DType.BOOL);
            x.with(y, op.truth()).matches(op.op().apply(x.tensor(DType.I32), y.tensor(DType.U8)), DType.BOOL);
        }
    }

    @Test
    void comparisonsWithNumbers() {
        Tensor x = Tensor.of(new float[] {1, 2, 3});
        assertThat(x.lt(2).toBooleans()).containsExactly(true, false, false);
        assertThat(x.le(2).toBooleans()).containsExactly(true, true, false);
        assertThat(x.gt(2).toBooleans()).containsExactly(false, false, true);
        assertThat(x.ge(2).toBooleans()).containsExactly(false, true, true);
        assertThat(x.eq(2).toBooleans()).containsExactly(false, true, false);
    }

    @Test
    void integerDivisionRoundsDownAndSurvivesZeroAndOverflow() {
        int[] x = {-7, 7, -7, 7, 5, 0, Integer.MIN_VALUE, Integer.MIN_VALUE, Integer.MIN_VALUE, Integer.MAX_VALUE};
        int[] y = {2, 2, -2, -2, 0, 0, -1, 3, 1, -1};
        Tensor a = Tensor.of(x);
        Tensor b = Tensor.of(y);
        int[] quotient = new int[x.length];
        int[] rest = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            quotient[i] = y[i] == 0 ? 0 : Math.floorDiv(x[i], y[i]);
            rest[i] = y[i] == 0 ? 0 : Math.floorMod(x[i], y[i]);
        }
        assertThat(a.floorDivide(b).toInts()).containsExactly(quotient);
        assertThat(a.remainder(b).toInts()).containsExactly(rest);
        Tensor u = Tensor.of(new int[] {7, 250, 255}).astype(DType.U8);
        assertThat(u.floorDivide(Tensor.of(new int[] {0, 255, 255}).astype(DType.U8))
                        .toInts())
                .containsExactly(0, 0, 1);
        assertThat(u.remainder(Tensor.of(new int[] {0, 255, 4}).astype(DType.U8))
                        .toInts())
                .containsExactly(0, 250, 3);
    }

    @Test
    void divisionOfIntegersIsFloating() {
        Tensor x = Tensor.of(new int[] {1, 0, -1}).div(Tensor.of(new int[] {0, 0, 2}));
        assertThat(x.dtype()).isEqualTo(DType.F32);
        assertThat(x.toFloats()).containsExactly(Float.POSITIVE_INFINITY, Float.NaN, -0.5f);
        assertThat(Tensor.of(new int[] {5}).div(2).toFloats()).containsExactly(2.5f);
    }

    @Test
    void numbersKeepTheDtype() {
        for (DType dtype : DType.values()) {
            if (dtype != DType.BOOL) {
                assertThat(Tensor.ones(dtype, 2).add(1).dtype()).isEqualTo(dtype);
                assertThat(Tensor.ones(dtype, 2).mul(3).toInts()).containsExactly(3, 3);
            }
        }
    }

    @Test
    void mixedDtypesTakeTheWiderOne() {
        Tensor i = Tensor.ones(DType.I32, 2);
        assertThat(i.add(Tensor.ones(DType.F32, 2)).dtype()).isEqualTo(DType.F32);
        assertThat(i.mul(Tensor.ones(DType.BOOL, 2)).dtype()).isEqualTo(DType.I32);
        assertThat(Tensor.ones(DType.F16, 2).add(Tensor.ones(DType.BF16, 2)).dtype())
                .isEqualTo(DType.F32);
        assertThat(Tensor.ones(DType.BF16, 2).add(Tensor.ones(DType.F32, 2)).dtype())
                .isEqualTo(DType.F32);
        assertThat(Tensor.ones(DType.U8, 2).add(Tensor.ones(DType.I8, 2)).dtype())
                .isEqualTo(DType.I16);
        assertThat(i.exp().dtype()).isEqualTo(DType.F32);
    }

    @Test
    void nanAndInfinityAreFound() {
        Tensor x = Tensor.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY});
        assertThat(x.isNaN().toBooleans()).containsExactly(false, true, false, false);
        assertThat(x.isInf().toBooleans()).containsExactly(false, false, true, true);
        assertThat(x.maximum(0).toFloats()[1]).isNaN();
    }

    @Test
    void sigmoidIsStable() {
        assertThat(Tensor.of(new float[] {-1000, -90, 0, 90, 1000}).sigmoid().toFloats())
                .containsExactly(new float[] {0, 0, 0.5f, 1, 1}, org.assertj.core.api.Assertions.within(1e-30f));
    }

    @Test
    void logic() {
        Tensor a = Tensor.of(new boolean[] {false, false, true, true});
        Tensor b = Tensor.of(new boolean[] {false, true, false, true});
        assertThat(a.and(b).toBooleans()).containsExactly(false, false, false, true);
        assertThat(a.or(b).toBooleans()).containsExactly(false, true, true, true);
        assertThat(a.not().toBooleans()).containsExactly(true, true, false, false);
    }

    @Test
    void whereBroadcasts() {
        Tensor c = Tensor.of(new boolean[] {true, false}).reshape(2, 1);
        Tensor out = Tensor.where(c, Tensor.arange(3), Tensor.scalar(-1, DType.I32));
        assertThat(out.toInts()).containsExactly(0, 1, 2, -1, -1, -1);
        assertThat(out.shape()).containsExactly(2, 3);
    }

    static Stream<Arguments> products() {
        return Stream.of(
                Arguments.of(new int[] {2, 3}, new int[] {3, 4}),
                Arguments.of(new int[] {1, 1}, new int[] {1, 1}),
                Arguments.of(new int[] {5, 2, 3}, new int[] {3, 4}),
                Arguments.of(new int[] {5, 2, 3}, new int[] {5, 3, 4}),
                Arguments.of(new int[] {4, 1, 2, 3}, new int[] {5, 3, 2}),
                Arguments.of(new int[] {2, 0}, new int[] {0, 3}),
                Arguments.of(new int[] {0, 3}, new int[] {3, 2}),
                Arguments.of(new int[] {17, 65}, new int[] {65, 33}));
    }

    @ParameterizedTest
    @MethodSource("products")
    void matmulMatchesDoubles(int[] left, int[] right) {
        Nd x = Nd.random(9, -2, 2, left);
        Nd y = Nd.random(10, -2, 2, right);
        Nd truth = product(x, y);
        truth.matches(x.tensor().matmul(y.tensor()));
        truth.matches(x.tensor(DType.F64).matmul(y.tensor(DType.F64)), DType.F64);
        Tolerance half = new Tolerance(4e-2, 0.25);
        truth.matches(x.tensor(DType.F16).matmul(y.tensor(DType.F16)), DType.F16, half);
        truth.matches(x.tensor(DType.BF16).matmul(y.tensor(DType.BF16)), DType.BF16, half);
        truth.matches(x.tensor()
                .T()
                .contiguous()
                .T()
                .matmul(y.tensor().T().contiguous().T()));
    }

    private static Nd product(Nd x, Nd y) {
        int[] shape = Shapes.matmul(x.shape(), y.shape());
        int k = x.shape()[x.shape().length - 1];
        return Nd.build(shape, i -> {
            double sum = 0;
            for (int j = 0; j < k; j++) {
                int[] a = i.clone();
                int[] b = i.clone();
                a[a.length - 1] = j;
                b[b.length - 2] = j;
                sum += x.stretched(a) * y.stretched(b);
            }
            return sum;
        });
    }

    @Test
    void matmulTakesVectors() {
        Tensor m = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor v = Tensor.of(new float[] {1, 0, -1});
        assertThat(m.matmul(v).toFloats()).containsExactly(-2, -2);
        assertThat(v.matmul(m.T()).shape()).containsExactly(2);
        assertThat(v.matmul(v).item()).isEqualTo(2);
    }
}
