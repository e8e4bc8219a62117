package tinyllm.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bytedeco.mlx.global.mlx;
import org.jspecify.annotations.Nullable;

/**
 * An immutable array of numbers with any number of axes, on the {@link Device} of this process.
 *
 * <p>Operations are lazy: they give a tensor at once, and its values are computed when they are read ({@link #eval()},
 * {@link #toFloats()}, {@link #toString()}, …). Tensors are safe to share between threads. Their native memory is freed by an
 * open {@link Scope}, or by the collector; {@link Memory} has the budget.
 *
 * <p><b>Shapes</b> broadcast as in NumPy: aligned at their last axes, an axis of size 1 stretches. Negative axes count from
 * the end.
 *
 * <p><b>Dtypes.</b> A Java number as operand takes the tensor's own dtype, and is refused if an integer dtype can't hold it.
 * Two tensors are computed in the smallest dtype that holds both (F16 with BF16 in F32, an integer with a floating dtype in
 * the floating one). Functions of real numbers turn integers into F32.
 *
 * <p><b>Errors.</b> A shape, axis or dtype that does not fit is an {@link IllegalArgumentException}, an index out of range an
 * {@link IndexOutOfBoundsException}; both say which operation, which shapes and what is allowed, before MLX sees anything. A
 * result over the memory budget is a {@link TensorMemoryException}, a freed tensor an {@link IllegalStateException}, and what
 * MLX itself refuses a {@link TensorException}.
 */
public final class Tensor {
    private final int[] shape;
    private final long size;
    private final DType dtype;
    private final Layout layout;
    private @Nullable Handle handle;

    Tensor(int[] shape, DType dtype, Layout layout) {
        this.shape = shape;
        this.size = Shapes.size("tensor", shape);
        this.dtype = dtype;
        this.layout = layout;
    }

    void attach(Handle handle) {
        this.handle = handle;
    }

    Handle handle() {
        Handle attached = handle;
        if (attached == null) {
            throw new IllegalStateException("This tensor has no native array");
        }
        return attached;
    }

    /** The shape itself, which nobody changes. */
    int[] sizes() {
        return shape;
    }

    Layout layout() {
        return layout;
    }

    /** Shape and dtype, as errors name a tensor. */
    String describe() {
        return Shapes.text(shape) + " " + dtype;
    }

    // Creation. The shape comes last; without one the tensor is 1-D of the array's length.

    /** A scalar, shape [], F32. */
    public static Tensor scalar(double value) {
        return scalar(value, DType.F32);
    }

    /** A scalar, shape []. */
    public static Tensor scalar(double value, DType dtype) {
        return Creation.scalar(value, dtype);
    }

    /** F32. */
    public static Tensor of(float[] values, int... shape) {
        return Creation.of(values, shape);
    }

    /** F32 on purpose, rounded: models compute in F32 at most. {@code astype(F64)} or a MemorySegment give F64. */
    public static Tensor of(double[] values, int... shape) {
        return Creation.of(values, shape);
    }

    /** I32. */
    public static Tensor of(int[] values, int... shape) {
        return Creation.of(values, shape);
    }

    /** I64. */
    public static Tensor of(long[] values, int... shape) {
        return Creation.of(values, shape);
    }

    /** BOOL. */
    public static Tensor of(boolean[] values, int... shape) {
        return Creation.of(values, shape);
    }

    /** F32 of shape [rows, columns]; all rows have to be equally long. */
    public static Tensor of(float[][] rows) {
        return Creation.of(rows);
    }

    /** I32 of shape [rows, columns]; all rows have to be equally long. */
    public static Tensor of(int[][] rows) {
        return Creation.of(rows);
    }

    /**
     * Copies size × {@link DType#bytes()} little-endian bytes out of data, which has to be exactly as long. The bytes are
     * read by Java, so data may be a mapped file.
     */
    public static Tensor of(MemorySegment data, DType dtype, int... shape) {
        return Creation.of(data, dtype, shape.clone());
    }

    public static Tensor zeros(DType dtype, int... shape) {
        return Creation.full("zeros", 0, dtype, shape);
    }

    public static Tensor ones(DType dtype, int... shape) {
        return Creation.full("ones", 1, dtype, shape);
    }

    public static Tensor full(double value, DType dtype, int... shape) {
        return Creation.full("full", value, dtype, shape);
    }

    /** 0, 1, …, stop - 1 as I32. */
    public static Tensor arange(int stop) {
        return Creation.arange(stop);
    }

    /** start, start + step, … while below stop (above it, if step is negative) as F32. */
    public static Tensor arange(double start, double stop, double step) {
        return Creation.arange(start, stop, step);
    }

    /** The n × n identity matrix, F32. */
    public static Tensor eye(int n) {
        return Creation.eye(n);
    }

    /** Random numbers in [0, 1), F32, the same for the same seed and shape. */
    public static Tensor uniform(long seed, int... shape) {
        return Creation.uniform(seed, shape);
    }

    /** Random numbers with mean 0 and standard deviation 1, F32, the same for the same seed and shape. */
    public static Tensor normal(long seed, int... shape) {
        return Creation.normal(seed, shape);
    }

    /** Joins tensors of one dtype along an axis that they have; the other axes have to be equal. */
    public static Tensor concat(int axis, Tensor... parts) {
        return Gather.concat(axis, parts);
    }

    /** Joins tensors of one shape and dtype along a new axis. */
    public static Tensor stack(int axis, Tensor... parts) {
        return Gather.stack(axis, parts);
    }

    /** yes where the BOOL condition is true, else no; all three broadcast. */
    public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
        return Elementwise.where(condition, yes, no);
    }

    // Facts. They never evaluate.

    /** A copy of the sizes of all axes. */
    public int[] shape() {
        return shape.clone();
    }

    /** The size of one axis; negative counts from the end. */
    public int dim(int axis) {
        return shape[Shapes.axis("dim", shape, axis)];
    }

    public int rank() {
        return shape.length;
    }

    /** The number of elements. */
    public long size() {
        return size;
    }

    /** The bytes of all elements: size × bytes of the dtype. */
    public long nbytes() {
        return size * dtype.bytes();
    }

    public DType dtype() {
        return dtype;
    }

    // Arithmetic

    public Tensor add(Tensor o) {
        return Elementwise.arithmetic("add", this, o, mlx::add);
    }

    public Tensor sub(Tensor o) {
        return Elementwise.arithmetic("sub", this, o, mlx::subtract);
    }

    public Tensor mul(Tensor o) {
        return Elementwise.arithmetic("mul", this, o, mlx::multiply);
    }

    /** Integers are divided as F32. */
    public Tensor div(Tensor o) {
        return Elementwise.arithmetic("div", this, o, mlx::divide);
    }

    public Tensor add(double o) {
        return Elementwise.scalar("add", this, o, mlx::add);
    }

    public Tensor sub(double o) {
        return Elementwise.scalar("sub", this, o, mlx::subtract);
    }

    public Tensor mul(double o) {
        return Elementwise.scalar("mul", this, o, mlx::multiply);
    }

    /** Integers are divided as F32. */
    public Tensor div(double o) {
        return Elementwise.divide(this, o);
    }

    public Tensor neg() {
        return Elementwise.number("neg", this, mlx::negative);
    }

    /** Integers have no negative powers. */
    public Tensor pow(double exponent) {
        return Elementwise.power(this, exponent);
    }

    /** Integers have no negative powers; an integer exponent is evaluated to see that. */
    public Tensor pow(Tensor exponent) {
        return Elementwise.power(this, exponent);
    }

    public Tensor maximum(Tensor o) {
        return Elementwise.arithmetic("maximum", this, o, mlx::maximum);
    }

    public Tensor minimum(Tensor o) {
        return Elementwise.arithmetic("minimum", this, o, mlx::minimum);
    }

    public Tensor maximum(double o) {
        return Elementwise.scalar("maximum", this, o, mlx::maximum);
    }

    public Tensor minimum(double o) {
        return Elementwise.scalar("minimum", this, o, mlx::minimum);
    }

    /** The rest of the division that rounds down, so it has the divisor's sign. For integers, x mod 0 is 0. */
    public Tensor remainder(Tensor o) {
        return Elementwise.remainder(this, o);
    }

    /** The quotient rounded down. For integers, x // 0 is 0. */
    public Tensor floorDivide(Tensor o) {
        return Elementwise.floorDivide(this, o);
    }

    public Tensor abs() {
        return Elementwise.number("abs", this, mlx::abs);
    }

    public Tensor exp() {
        return Elementwise.number("exp", this, mlx::exp);
    }

    /** The natural logarithm. */
    public Tensor log() {
        return Elementwise.number("log", this, mlx::log);
    }

    public Tensor sqrt() {
        return Elementwise.number("sqrt", this, mlx::sqrt);
    }

    /** 1 / sqrt(x). */
    public Tensor rsqrt() {
        return Elementwise.number("rsqrt", this, mlx::rsqrt);
    }

    public Tensor square() {
        return Elementwise.number("square", this, mlx::square);
    }

    public Tensor sin() {
        return Elementwise.number("sin", this, mlx::sin);
    }

    public Tensor cos() {
        return Elementwise.number("cos", this, mlx::cos);
    }

    public Tensor tanh() {
        return Elementwise.number("tanh", this, mlx::tanh);
    }

    /** 1 / (1 + exp(-x)), without overflow for any x. */
    public Tensor sigmoid() {
        return Elementwise.number("sigmoid", this, mlx::sigmoid);
    }

    public Tensor floor() {
        return Elementwise.number("floor", this, mlx::floor);
    }

    /** To the nearest integer, halves to the even one. */
    public Tensor round() {
        return Elementwise.number("round", this, mlx::round);
    }

    /** [..., M, K] × [..., K, N] → [..., M, N] of a floating dtype; the leading axes broadcast, a 1-D side is a vector. */
    public Tensor matmul(Tensor o) {
        return Elementwise.matmul(this, o);
    }

    // Comparisons. They give BOOL.

    public Tensor lt(Tensor o) {
        return Elementwise.compare("lt", this, o, mlx::less);
    }

    public Tensor le(Tensor o) {
        return Elementwise.compare("le", this, o, mlx::less_equal);
    }

    public Tensor gt(Tensor o) {
        return Elementwise.compare("gt", this, o, mlx::greater);
    }

    public Tensor ge(Tensor o) {
        return Elementwise.compare("ge", this, o, mlx::greater_equal);
    }

    public Tensor eq(Tensor o) {
        return Elementwise.compare("eq", this, o, mlx::equal);
    }

    public Tensor ne(Tensor o) {
        return Elementwise.compare("ne", this, o, mlx::not_equal);
    }

    public Tensor lt(double o) {
        return Elementwise.compare("lt", this, o, mlx::less);
    }

    public Tensor le(double o) {
        return Elementwise.compare("le", this, o, mlx::less_equal);
    }

    public Tensor gt(double o) {
        return Elementwise.compare("gt", this, o, mlx::greater);
    }

    public Tensor ge(double o) {
        return Elementwise.compare("ge", this, o, mlx::greater_equal);
    }

    public Tensor eq(double o) {
        return Elementwise.compare("eq", this, o, mlx::equal);
    }

    /** Both have to be BOOL. */
    public Tensor and(Tensor o) {
        return Elementwise.logical("and", this, o, mlx::logical_and);
    }

    /** Both have to be BOOL. */
    public Tensor or(Tensor o) {
        return Elementwise.logical("or", this, o, mlx::logical_or);
    }

    /** Of a BOOL tensor. */
    public Tensor not() {
        return Elementwise.not(this);
    }

    public Tensor isNaN() {
        return Elementwise.any("isNaN", this, mlx::isnan);
    }

    public Tensor isInf() {
        return Elementwise.any("isInf", this, mlx::isinf);
    }

    // Reductions. No axes means over everything; the Keep forms keep the reduced axes with size 1.

    /** Integers smaller than I32 and BOOL are summed as I32 or U32; F16 and BF16 in F32, rounded once. */
    public Tensor sum(int... axes) {
        return Reductions.sum("sum", this, false, axes, mlx::sum);
    }

    /** Integers and BOOL give F32. The mean of nothing is NaN. */
    public Tensor mean(int... axes) {
        return Reductions.sum("mean", this, false, axes, mlx::mean);
    }

    /** Of an axis with at least one element; NaN if there is one. */
    public Tensor max(int... axes) {
        return Reductions.extreme("max", this, false, axes, mlx::max);
    }

    /** Of an axis with at least one element; NaN if there is one. */
    public Tensor min(int... axes) {
        return Reductions.extreme("min", this, false, axes, mlx::min);
    }

    public Tensor sumKeep(int... axes) {
        return Reductions.sum("sumKeep", this, true, axes, mlx::sum);
    }

    public Tensor meanKeep(int... axes) {
        return Reductions.sum("meanKeep", this, true, axes, mlx::mean);
    }

    public Tensor maxKeep(int... axes) {
        return Reductions.extreme("maxKeep", this, true, axes, mlx::max);
    }

    public Tensor minKeep(int... axes) {
        return Reductions.extreme("minKeep", this, true, axes, mlx::min);
    }

    /** log(sum(exp(x))) of a floating dtype, without overflow. */
    public Tensor logSumExp(int... axes) {
        return Reductions.logSumExp(this, axes);
    }

    /** The position of the largest value as I32, the first of equals. */
    public Tensor argmax(int axis) {
        return Reductions.arg("argmax", this, axis, (x, a, s) -> mlx.argmax(x, a, false, s));
    }

    /** The position of the smallest value as I32, the first of equals. */
    public Tensor argmin(int axis) {
        return Reductions.arg("argmin", this, axis, (x, a, s) -> mlx.argmin(x, a, false, s));
    }

    /** Running sums. BOOL gives I32, other integers wrap around in their own dtype. */
    public Tensor cumsum(int axis) {
        return Reductions.cumsum(this, axis);
    }

    /** Rising; NaN comes last. */
    public Tensor sort(int axis) {
        return Reductions.sort(this, axis);
    }

    /** The positions, as I32, that sort rising; equals keep their order. */
    public Tensor argsort(int axis) {
        return Reductions.argsort(this, axis);
    }

    /** Whether no element is 0 (false). Evaluates. */
    public boolean all() {
        return Reductions.all(this);
    }

    /** Whether some element is not 0 (false). Evaluates. */
    public boolean any() {
        return Reductions.any(this);
    }

    // Shape

    /** The same elements in row-major order; one size may be -1. */
    public Tensor reshape(int... shape) {
        return Views.reshape("reshape", this, Shapes.reshape("reshape", this.shape, shape));
    }

    /** The axes in a new order; none given reverses them. */
    public Tensor transpose(int... axes) {
        return Views.transpose(this, axes);
    }

    public Tensor swapAxes(int a, int b) {
        return Views.swap("swapAxes", this, a, b);
    }

    /** Swaps the last two axes. */
    public Tensor T() {
        return Views.lastTwoSwapped(this);
    }

    /** Inserts axes of size 1 at these positions of the result. */
    public Tensor expandDims(int... axes) {
        return Views.expandDims(this, axes);
    }

    /** Removes these axes, which have to be of size 1; none given removes all of size 1. */
    public Tensor squeeze(int... axes) {
        return Views.squeeze(this, axes);
    }

    public Tensor broadcastTo(int... shape) {
        return Views.broadcastTo(this, shape);
    }

    /** Each element times over, next to each other, along axis. */
    public Tensor repeat(int times, int axis) {
        return Views.repeat(this, times, axis);
    }

    /** Equal parts, in order; parts has to divide the size of axis. */
    public Tensor[] split(int axis, int parts) {
        return Views.split(this, axis, parts);
    }

    /** Zero above the k-th diagonal of the last two axes. */
    public Tensor tril(int k) {
        return Views.triangle("tril", this, k, true);
    }

    /** Zero below the k-th diagonal of the last two axes. */
    public Tensor triu(int k) {
        return Views.triangle("triu", this, k, false);
    }

    /** The same values in row-major memory. */
    public Tensor contiguous() {
        return Views.contiguous(this);
    }

    /**
     * Indexing as NumPy writes it: {@code at(":, 2, 1:-1")}, {@code at("..., ::2")}, {@code at("None, :")}, {@code
     * at("::-1")}. An integer removes its axis, {@code None} adds one, a range is clipped as in Python; an integer out of range
     * is an IndexOutOfBoundsException.
     */
    public Tensor at(String index) {
        return Views.at(this, Index.plan(index, shape));
    }

    /** Leading integer indices; each removes its axis. */
    public Tensor at(int... leading) {
        return Views.at(this, Index.plan(leading, shape));
    }

    /** The elements from (inclusive) to (exclusive) along axis; negative counts from the end, nothing is clipped. */
    public Tensor slice(int axis, int from, int to) {
        return Views.slice(this, axis, from, to);
    }

    // Gathering. Negative indices count from the end; index tensors are evaluated to check every value.

    /** shape[..., n, ...] with k indices → [..., k, ...]. */
    public Tensor take(int[] indices, int axis) {
        return Gather.take(this, indices, axis);
    }

    /** shape[..., n, ...] with integer indices of any shape → that shape stands in place of axis. */
    public Tensor take(Tensor indices, int axis) {
        return Gather.take(this, indices, axis);
    }

    /** out[i, j] = this[i, indices[i, j]] for axis 1; the shapes have to be equal except at axis. */
    public Tensor takeAlongAxis(Tensor indices, int axis) {
        return Gather.takeAlongAxis(this, indices, axis);
    }

    /**
     * A copy in which out[i, indices[i, j]] = values[i, j] for axis 1; values have this tensor's dtype and broadcast to the
     * indices. Of several values for one place any may win.
     */
    public Tensor putAlongAxis(Tensor indices, Tensor values, int axis) {
        return Gather.putAlongAxis(this, indices, values, axis);
    }

    // Types and values

    /**
     * Floating values lose their fraction on the way to integers; NaN and what the integer dtype can't hold become some
     * unspecified number. Integers wrap around. BOOL is 0 or 1, and everything but 0 is true.
     */
    public Tensor astype(DType dtype) {
        Dtypes.available("astype", dtype);
        return DeviceThread.apply(
                "astype",
                dtype == this.dtype ? layout : Layout.OWN,
                (call, in) -> mlx.astype(in[0], call.dtype(dtype), call.stream()),
                this);
    }

    /** Computes the values now. Returns this tensor. */
    public Tensor eval() {
        DeviceThread.evaluate("eval", this);
        return this;
    }

    /** Computes all tensors in one pass. */
    public static void eval(Tensor... tensors) {
        DeviceThread.evaluate("eval", tensors);
    }

    public boolean isEvaluated() {
        return DeviceThread.locked(() -> handle().isEvaluated());
    }

    /** Any dtype, row-major. */
    public float[] toFloats() {
        return Values.floats(this);
    }

    /** Any dtype, row-major. */
    public double[] toDoubles() {
        return Values.doubles(this);
    }

    /** Any dtype, row-major; fractions are cut off, and a value that does not fit an int is an error. */
    public int[] toInts() {
        return Values.ints(this);
    }

    /** Any dtype, row-major; fractions are cut off, and a value that does not fit a long is an error. */
    public long[] toLongs() {
        return Values.longs("toLongs", this);
    }

    /** Any dtype, row-major; everything but 0 is true. */
    public boolean[] toBooleans() {
        return Values.booleans(this);
    }

    /** Rows and columns of a tensor with two axes. */
    public float[][] toMatrix() {
        return Values.matrix(this);
    }

    /** The one element of a tensor of size 1. */
    public double item() {
        return Values.item(this);
    }

    /** The element at a full index. */
    public double item(int... index) {
        if (index.length != shape.length) {
            throw Shapes.bad(
                    "item", "index " + Arrays.toString(index) + " does not have one entry per axis of " + describe());
        }
        return at(index).item();
    }

    /** Shape, dtype and values, cut in the middle of long axes. Evaluates what it shows. */
    @Override
    public String toString() {
        return Printing.of(this);
    }
}
