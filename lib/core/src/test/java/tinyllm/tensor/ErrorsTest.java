package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.mlx.global.mlx;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What does not fit is refused in Java, by a sentence that names the operation and what it got. */
class ErrorsTest {
    private static final Tensor X = Tensor.zeros(DType.F32, 2, 3).eval();
    private static final Tensor Y = Tensor.zeros(DType.F32, 4, 5).eval();
    private static final Tensor INTS = Tensor.ones(DType.I32, 2, 3).eval();
    private static final Tensor BOOLS = Tensor.ones(DType.BOOL, 2, 3).eval();
    private static final Tensor EMPTY = Tensor.zeros(DType.F32, 0, 3).eval();
    private static final Tensor SCALAR = Tensor.scalar(1);

    interface Call {
        Object run();
    }

    record Bad(String op, Call call, String... says) {
        @Override
        public String toString() {
            return op + " " + Arrays.toString(says);
        }
    }

    private static Bad bad(String op, Call call, String... says) {
        return new Bad(op, call, says);
    }

    static Stream<Bad> shapes() {
        return Stream.of(
                bad("add", () -> X.add(Y), "[2, 3] and [4, 5] do not broadcast", "sizes 3 and 5"),
                bad("sub", () -> X.sub(Y), "[2, 3] and [4, 5]"),
                bad("mul", () -> X.mul(Y), "[2, 3] and [4, 5]"),
                bad("div", () -> X.div(Y), "[2, 3] and [4, 5]"),
                bad("pow", () -> X.pow(Y), "[2, 3] and [4, 5]"),
                bad("maximum", () -> X.maximum(Y), "[2, 3] and [4, 5]"),
                bad("minimum", () -> X.minimum(Y), "[2, 3] and [4, 5]"),
                bad("remainder", () -> X.remainder(Y), "[2, 3] and [4, 5]"),
                bad("floorDivide", () -> X.floorDivide(Y), "[2, 3] and [4, 5]"),
                bad("remainder", () -> INTS.remainder(Y.astype(DType.I32)), "[2, 3] and [4, 5]"),
                bad("lt", () -> X.lt(Y), "[2, 3] and [4, 5]"),
                bad("le", () -> X.le(Y), "[2, 3] and [4, 5]"),
                bad("gt", () -> X.gt(Y), "[2, 3] and [4, 5]"),
                bad("ge", () -> X.ge(Y), "[2, 3] and [4, 5]"),
                bad("eq", () -> X.eq(Y), "[2, 3] and [4, 5]"),
                bad("ne", () -> X.ne(Y), "[2, 3] and [4, 5]"),
                bad("and", () -> BOOLS.and(Y.gt(0)), "[2, 3] and [4, 5]"),
                bad("or", () -> BOOLS.or(Y.gt(0)), "[2, 3] and [4, 5]"),
                bad("where", () -> Tensor.where(BOOLS, X, Y), "[2, 3] and [4, 5]"),
                bad("where", () -> Tensor.where(Y.gt(0), X, X), "[4, 5] and [2, 3]"),
                bad("matmul", () -> X.matmul(X), "[2, 3] and [2, 3] do not fit", "size 3", "axis of the second 2"),
                bad("matmul", () -> X.matmul(SCALAR), "at least one axis"),
                bad(
                        "matmul",
                        () -> Tensor.zeros(DType.F32, 2, 2, 3).matmul(Tensor.zeros(DType.F32, 3, 3, 2)),
                        "do not broadcast"),
                bad("concat", () -> Tensor.concat(0, X, Y), "[2, 3] and [4, 5] differ"),
                bad("concat", () -> Tensor.concat(0, X, Tensor.zeros(DType.F32, 3)), "[2, 3] and [3] differ"),
                bad("concat", () -> Tensor.concat(0), "at least one tensor"),
                bad("concat", () -> Tensor.concat(2, X, X), "axis 2 is out of range for shape [2, 3]"),
                bad("concat", () -> Tensor.concat(0, SCALAR, SCALAR), "a scalar has no axis"),
                bad("stack", () -> Tensor.stack(0, X, Y), "[2, 3] and [4, 5] differ"),
                bad("stack", () -> Tensor.stack(0), "at least one tensor"),
                bad("stack", () -> Tensor.stack(3, X, X), "axis 3 is out of range"),
                bad("reshape", () -> X.reshape(4, 2), "[2, 3] has 6 elements", "[4, 2]"),
                bad("reshape", () -> X.reshape(-1, 4), "[-1, 4]"),
                bad("reshape", () -> X.reshape(-1, -1), "only one size may be -1"),
                bad("reshape", () -> X.reshape(-2, -3), "negative size -2"),
                bad("reshape", () -> EMPTY.reshape(-1, 0), "do not fill"),
                bad("reshape", () -> X.reshape(), "do not fill shape []"),
                bad("transpose", () -> X.transpose(0), "needs 2 axes, got [0]"),
                bad("transpose", () -> X.transpose(0, 0), "axis 0 is named twice"),
                bad("transpose", () -> X.transpose(0, 2), "axis 2 is out of range for shape [2, 3] (allowed: -2 to 1)"),
                bad("swapAxes", () -> X.swapAxes(0, 2), "axis 2 is out of range"),
                bad("T", () -> Tensor.zeros(DType.F32, 3).T(), "at least two axes, got shape [3]"),
                bad("expandDims", () -> X.expandDims(), "at least one axis"),
                bad("expandDims", () -> X.expandDims(3), "axis 3 is out of range"),
                bad("expandDims", () -> X.expandDims(0, 0), "named twice"),
                bad("squeeze", () -> X.squeeze(0), "axis 0 of shape [2, 3] has size 2, not 1"),
                bad("squeeze", () -> X.squeeze(5), "axis 5 is out of range"),
                bad("broadcastTo", () -> X.broadcastTo(3, 2), "shape [2, 3] can't be broadcast to [3, 2]"),
                bad("broadcastTo", () -> X.broadcastTo(3), "can't be broadcast to [3]"),
                bad("broadcastTo", () -> SCALAR.broadcastTo(-1), "negative size -1"),
                bad("repeat", () -> X.repeat(-1, 0), "number of times is -1"),
                bad("repeat", () -> X.repeat(2, 2), "axis 2 is out of range"),
                bad("repeat", () -> X.repeat(Integer.MAX_VALUE, 0), "axis of 4294967294 elements"),
                bad("split", () -> X.split(1, 2), "size 3, which can't be cut into 2 equal parts"),
                bad("split", () -> X.split(1, 0), "into 0 equal parts"),
                bad("split", () -> X.split(2, 1), "axis 2 is out of range"),
                bad("tril", () -> SCALAR.tril(0), "at least two axes"),
                bad("triu", () -> Tensor.zeros(DType.F32, 3).triu(0), "at least two axes"),
                bad("sum", () -> X.sum(2), "axis 2 is out of range"),
                bad("sum", () -> X.sum(0, -2), "axis 0 is named twice"),
                bad("mean", () -> X.mean(-3), "axis -3 is out of range"),
                bad("max", () -> X.max(2), "axis 2 is out of range"),
                bad("max", () -> EMPTY.max(), "axis 0 of shape [0, 3] is empty"),
                bad("min", () -> EMPTY.min(0), "axis 0 of shape [0, 3] is empty"),
                bad("min", () -> X.min(2), "axis 2 is out of range"),
                bad("sumKeep", () -> X.sumKeep(2), "axis 2 is out of range"),
                bad("meanKeep", () -> X.meanKeep(2), "axis 2 is out of range"),
                bad("maxKeep", () -> EMPTY.maxKeep(0), "is empty"),
                bad("minKeep", () -> X.minKeep(2), "axis 2 is out of range"),
                bad("logSumExp", () -> X.logSumExp(2), "axis 2 is out of range"),
                bad("argmax", () -> X.argmax(2), "axis 2 is out of range"),
                bad("argmax", () -> EMPTY.argmax(0), "is empty"),
                bad("argmin", () -> SCALAR.argmin(0), "a scalar has no axis"),
                bad("cumsum", () -> X.cumsum(2), "axis 2 is out of range"),
                bad("sort", () -> X.sort(2), "axis 2 is out of range"),
                bad("argsort", () -> SCALAR.argsort(-1), "a scalar has no axis"),
                bad("take", () -> X.take(new int[] {0}, 2), "axis 2 is out of range"),
                bad("take", () -> SCALAR.take(INTS, 0), "a scalar has no axis"),
                bad(
                        "takeAlongAxis",
                        () -> X.takeAlongAxis(Tensor.zeros(DType.I32, 3, 3), 1),
                        "[3, 3] has to equal [2, 3] except at axis 1"),
                bad("takeAlongAxis", () -> X.takeAlongAxis(Tensor.zeros(DType.I32, 3), 1), "[3] has to equal [2, 3]"),
                bad(
                        "putAlongAxis",
                        () -> X.putAlongAxis(Tensor.zeros(DType.I32, 3, 3), SCALAR, 1),
                        "[3, 3] has to equal [2, 3]"),
                bad(
                        "putAlongAxis",
                        () -> X.putAlongAxis(Tensor.zeros(DType.I32, 2, 1), X, 1),
                        "[2, 3] can't be broadcast to [2, 1]"),
                bad("dim", () -> X.dim(2), "axis 2 is out of range"),
                bad("item", () -> X.item(), "exactly one element, got shape [2, 3]"),
                bad("item", () -> X.item(1), "one entry per axis of [2, 3] F32"),
                bad("toMatrix", () -> SCALAR.toMatrix(), "two axes, got shape []"),
                bad("at", () -> X.at(0, 0, 0), "names 3 axes"),
                bad("of", () -> Tensor.of(new float[] {1, 2}, 3), "shape [3] takes 3 values, got 2"),
                bad("of", () -> Tensor.of(new double[] {1, 2}, 3), "takes 3 values, got 2"),
                bad("of", () -> Tensor.of(new int[] {1, 2}, 3), "takes 3 values, got 2"),
                bad("of", () -> Tensor.of(new long[] {1, 2}, 3), "takes 3 values, got 2"),
                bad("of", () -> Tensor.of(new boolean[] {true}, -1), "negative size -1"),
                bad("of", () -> Tensor.of(new float[][] {{1}, {1, 2}}), "row 0 has 1 values and row 1 has 2"),
                bad("of", () -> Tensor.of(new int[][] {{1}, {}}), "row 0 has 1 values and row 1 has 0"),
                bad(
                        "of",
                        () -> Tensor.of(MemorySegment.ofArray(new byte[7]), DType.F32, 2),
                        "takes 8 bytes, and the segment has 7"),
                bad("zeros", () -> Tensor.zeros(DType.F32, 2, -1), "negative size -1"),
                bad("ones", () -> Tensor.ones(DType.F32, -5), "negative size -5"),
                bad("full", () -> Tensor.full(1, DType.F32, 1 << 30, 1 << 30, 1 << 30), "more elements than memory"),
                bad("full", () -> Tensor.full(1, DType.F32, 0, 1 << 30, 1 << 30, 1 << 30), "more elements than memory"),
                bad("zeros", () -> Tensor.zeros(DType.F32, new int[33]), "at most 32 dimensions"),
                bad("broadcastTo", () -> SCALAR.broadcastTo(65536, 65536, 65536, 65536), "more elements than memory"),
                bad(
                        "add",
                        () -> SCALAR.broadcastTo(1 << 30, 1, 1).add(SCALAR.broadcastTo(1 << 30, 1)),
                        "more elements than memory"),
                bad("uniform", () -> Tensor.uniform(0, -1), "negative size -1"),
                bad("normal", () -> Tensor.normal(0, -1), "negative size -1"),
                bad("arange", () -> Tensor.arange(-1), "the stop is -1"),
                bad("arange", () -> Tensor.arange(0, 1, 0), "no range that ends"),
                bad("arange", () -> Tensor.arange(0, Double.NaN, 1), "no range that ends"),
                bad("arange", () -> Tensor.arange(0, 1e12, 1), "no range that ends"),
                bad("eye", () -> Tensor.eye(-1), "the size is -1"));
    }

    static Stream<Bad> dtypes() {
        return Stream.of(
                bad("add", () -> BOOLS.add(BOOLS), "[2, 3] BOOL"),
                bad("add", () -> BOOLS.add(1), "needs numbers, got [2, 3] BOOL"),
                bad("sub", () -> BOOLS.sub(1), "needs numbers"),
                bad("mul", () -> BOOLS.mul(BOOLS), "[2, 3] BOOL"),
                bad("div", () -> BOOLS.div(2), "needs numbers"),
                bad("add", () -> INTS.add(0.5), "0.5 is no value of I32"),
                bad("add", () -> INTS.add(Double.NaN), "NaN is no value of I32"),
                bad("mul", () -> INTS.astype(DType.U8).mul(256), "256 is no value of U8"),
                bad("sub", () -> INTS.astype(DType.U32).sub(-1), "-1 is no value of U32"),
                bad("maximum", () -> INTS.maximum(1e10), "is no value of I32"),
                bad("minimum", () -> INTS.minimum(0.1), "is no value of I32"),
                bad("lt", () -> INTS.lt(0.5), "0.5 is no value of I32"),
                bad("le", () -> INTS.le(0.5), "0.5 is no value of I32"),
                bad("gt", () -> INTS.gt(0.5), "0.5 is no value of I32"),
                bad("ge", () -> INTS.ge(0.5), "0.5 is no value of I32"),
                bad("eq", () -> BOOLS.eq(2), "2 is no value of BOOL"),
                bad("pow", () -> INTS.pow(-1), "integers have no power of -1"),
                bad("pow", () -> INTS.pow(0.5), "0.5 is no value of I32"),
                bad("pow", () -> INTS.pow(Tensor.full(-2, DType.I32, 2, 3)), "integers have no power of -2"),
                bad("floorDivide", () -> BOOLS.floorDivide(INTS), "needs numbers"),
                bad("remainder", () -> INTS.remainder(BOOLS), "needs numbers"),
                bad("neg", () -> BOOLS.neg(), "needs numbers"),
                bad("abs", () -> BOOLS.abs(), "needs numbers"),
                bad("exp", () -> BOOLS.exp(), "needs numbers"),
                bad("log", () -> BOOLS.log(), "needs numbers"),
                bad("sqrt", () -> BOOLS.sqrt(), "needs numbers"),
                bad("rsqrt", () -> BOOLS.rsqrt(), "needs numbers"),
                bad("square", () -> BOOLS.square(), "needs numbers"),
                bad("sin", () -> BOOLS.sin(), "needs numbers"),
                bad("cos", () -> BOOLS.cos(), "needs numbers"),
                bad("tanh", () -> BOOLS.tanh(), "needs numbers"),
                bad("sigmoid", () -> BOOLS.sigmoid(), "needs numbers"),
                bad("floor", () -> BOOLS.floor(), "needs numbers"),
                bad("round", () -> BOOLS.round(), "needs numbers"),
                bad("matmul", () -> INTS.matmul(INTS.T()), "floating dtypes, got [2, 3] I32 and [3, 2] I32"),
                bad("and", () -> X.and(BOOLS), "needs BOOL, got [2, 3] F32"),
                bad("or", () -> BOOLS.or(INTS), "needs BOOL, got [2, 3] I32"),
                bad("not", () -> X.not(), "needs BOOL"),
                bad("where", () -> Tensor.where(X, X, X), "condition is [2, 3] F32"),
                bad("logSumExp", () -> INTS.logSumExp(), "floating dtype, got [2, 3] I32"),
                bad("argmax", () -> BOOLS.argmax(0), "needs numbers"),
                bad("argmin", () -> BOOLS.argmin(0), "needs numbers"),
                bad("sort", () -> BOOLS.sort(0), "needs numbers"),
                bad("argsort", () -> BOOLS.argsort(0), "needs numbers"),
                bad("concat", () -> Tensor.concat(0, X, INTS), "[2, 3] F32 and [2, 3] I32"),
                bad("stack", () -> Tensor.stack(0, X, INTS), "[2, 3] F32 and [2, 3] I32"),
                bad("take", () -> X.take(X, 0), "indices have to be integers, got [2, 3] F32"),
                bad("take", () -> X.take(BOOLS, 0), "indices have to be integers"),
                bad("takeAlongAxis", () -> X.takeAlongAxis(X, 0), "indices have to be integers"),
                bad("putAlongAxis", () -> X.putAlongAxis(X, X, 0), "indices have to be integers"),
                bad("putAlongAxis", () -> X.putAlongAxis(INTS, INTS, 0), "values of I32 can't be put into [2, 3] F32"),
                bad("scalar", () -> Tensor.scalar(1.5, DType.I32), "1.5 is no value of I32"),
                bad("full", () -> Tensor.full(2, DType.BOOL, 1), "2 is no value of BOOL"),
                bad(
                        "toInts",
                        () -> Tensor.of(new long[] {1, 1L << 40}).toInts(),
                        "1099511627776 at [1] of [2] I64 does not fit an int"),
                bad("toInts", () -> Tensor.scalar(Double.NaN).toInts(), "NaN at [] of [] F32 does not fit"),
                bad("toLongs", () -> Tensor.scalar(1e30).toLongs(), "does not fit a long"));
    }

    @ParameterizedTest
    @MethodSource({"shapes", "dtypes"})
    void refused(Bad bad) {
        assertThatThrownBy(bad.call()::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(bad.op() + ": ")
                .hasMessageContainingAll(bad.says());
    }

    @Test
    void indicesOutOfRange() {
        assertThatThrownBy(() -> X.at(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> X.item(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> X.slice(1, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("slice: 0 to 4 is no range of axis 1 with size 3 (shape [2, 3])");
        assertThatThrownBy(() -> X.slice(1, 2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> X.slice(1, -4, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /** Every public operation that can be given something wrong is in the tables. */
    @Test
    void everyOperationIsTried() {
        Set<String> can = Set.of(
                "shape",
                "rank",
                "size",
                "nbytes",
                "dtype",
                "eval",
                "isEvaluated",
                "isNaN",
                "isInf",
                "all",
                "any",
                "contiguous",
                "toFloats",
                "toDoubles",
                "toBooleans",
                "toString",
                "slice",
                "astype",
                "equals",
                "hashCode");
        Set<String> tried =
                Stream.concat(shapes(), dtypes()).map(Bad::op).collect(Collectors.toCollection(TreeSet::new));
        Set<String> all = Arrays.stream(Tensor.class.getDeclaredMethods())
                .filter(m -> Modifier.isPublic(m.getModifiers()))
                .map(Method::getName)
                .filter(name -> !can.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(tried).containsAll(all);
    }

    @Test
    void errorsOfMlxNameTheOperationAndItsInputs() {
        assertThatThrownBy(() -> DeviceThread.apply(
                        "shift",
                        (call, in) -> {
                            throw new RuntimeException("native words");
                        },
                        X,
                        INTS))
                .isInstanceOf(TensorException.class)
                .hasMessage("shift of [2, 3] F32, [2, 3] I32 failed in MLX: native words");
    }

    /** MLX notices a singular matrix only while it computes, and would hand out unwritten memory afterwards. */
    @Test
    void whatFailedToComputeIsNeverRead() {
        Tensor before = X.add(2).eval();
        Tensor inverse = DeviceThread.apply(
                "inverse", (call, in) -> mlx.inv(in[0], call.stream()), Tensor.zeros(DType.F32, 3, 3));
        Tensor lazy = inverse.add(1);
        Tensor lazier = lazy.mul(0);
        assertThatThrownBy(lazy::eval)
                .isInstanceOf(TensorException.class)
                .hasMessageContainingAll("eval of [3, 3] F32 failed in MLX", "LU factorization");
        for (Tensor lost : List.of(inverse, lazy, lazier)) {
            assertThatThrownBy(lost::toFloats)
                    .isInstanceOf(TensorException.class)
                    .hasMessageContainingAll("toFloats: [3, 3] F32 was not computed yet", "LU factorization");
            assertThatThrownBy(() -> lost.add(1)).isInstanceOf(TensorException.class);
        }
        assertThat(before.sum().item()).isEqualTo(12);
        assertThat(X.eval().sum().item()).isZero();
    }

    @Test
    void afterErrorsAllWorksOn() {
        Stream.concat(shapes(), dtypes()).forEach(bad -> assertThatThrownBy(bad.call()::run));
        assertThat(X.add(1).sum().item()).isEqualTo(6);
    }
}
