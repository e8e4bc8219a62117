package tinyllm.tensor;

import java.lang.foreign.MemorySegment;

/** CONTRACT STUB: signatures agreed for parallel work; bodies and Javadoc follow. */
public final class Tensor {
    private Tensor() {}

    private static <T> T stub() {
        throw new UnsupportedOperationException("stub");
    }

    // creation (shape given last; no shape = 1-D of the array's length; scalar(x) has shape [])
    public static Tensor scalar(double value) {
        return stub();
    } // F32

    public static Tensor scalar(double value, DType dtype) {
        return stub();
    }

    public static Tensor of(float[] values, int... shape) {
        return stub();
    }

    public static Tensor of(double[] values, int... shape) {
        return stub();
    } // F32 on purpose

    public static Tensor of(int[] values, int... shape) {
        return stub();
    } // I32

    public static Tensor of(long[] values, int... shape) {
        return stub();
    } // I64

    public static Tensor of(boolean[] values, int... shape) {
        return stub();
    }

    public static Tensor of(float[][] rows) {
        return stub();
    }

    public static Tensor of(int[][] rows) {
        return stub();
    }
    /** Copies size*dtype.bytes() little-endian bytes out of data. */
    public static Tensor of(MemorySegment data, DType dtype, int... shape) {
        return stub();
    }

    public static Tensor zeros(DType dtype, int... shape) {
        return stub();
    }

    public static Tensor ones(DType dtype, int... shape) {
        return stub();
    }

    public static Tensor full(double value, DType dtype, int... shape) {
        return stub();
    }

    public static Tensor arange(int stop) {
        return stub();
    } // I32

    public static Tensor arange(double start, double stop, double step) {
        return stub();
    } // F32

    public static Tensor eye(int n) {
        return stub();
    } // F32

    public static Tensor uniform(long seed, int... shape) {
        return stub();
    } // F32 in [0,1)

    public static Tensor normal(long seed, int... shape) {
        return stub();
    } // F32
    // joining
    public static Tensor concat(int axis, Tensor... parts) {
        return stub();
    }

    public static Tensor stack(int axis, Tensor... parts) {
        return stub();
    }

    public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
        return stub();
    }
    // facts (never evaluate)
    public int[] shape() {
        return stub();
    } // a copy

    public int dim(int axis) {
        return stub();
    } // negative counts from the end

    public int rank() {
        return stub();
    }

    public long size() {
        return stub();
    }

    public long nbytes() {
        return stub();
    }

    public DType dtype() {
        return stub();
    }
    // arithmetic, broadcasting like NumPy; a scalar operand keeps this tensor's dtype
    public Tensor add(Tensor o) {
        return stub();
    }

    public Tensor sub(Tensor o) {
        return stub();
    }

    public Tensor mul(Tensor o) {
        return stub();
    }

    public Tensor div(Tensor o) {
        return stub();
    }

    public Tensor add(double o) {
        return stub();
    }

    public Tensor sub(double o) {
        return stub();
    }

    public Tensor mul(double o) {
        return stub();
    }

    public Tensor div(double o) {
        return stub();
    }

    public Tensor neg() {
        return stub();
    }

    public Tensor pow(double exponent) {
        return stub();
    }

    public Tensor pow(Tensor exponent) {
        return stub();
    }

    public Tensor maximum(Tensor o) {
        return stub();
    }

    public Tensor minimum(Tensor o) {
        return stub();
    }

    public Tensor maximum(double o) {
        return stub();
    }

    public Tensor minimum(double o) {
        return stub();
    }

    public Tensor remainder(Tensor o) {
        return stub();
    }

    public Tensor floorDivide(Tensor o) {
        return stub();
    }

    public Tensor abs() {
        return stub();
    }

    public Tensor exp() {
        return stub();
    }

    public Tensor log() {
        return stub();
    }

    public Tensor sqrt() {
        return stub();
    }

    public Tensor rsqrt() {
        return stub();
    }

    public Tensor square() {
        return stub();
    }

    public Tensor sin() {
        return stub();
    }

    public Tensor cos() {
        return stub();
    }

    public Tensor tanh() {
        return stub();
    }

    public Tensor sigmoid() {
        return stub();
    } // numerically stable

    public Tensor floor() {
        return stub();
    }

    public Tensor round() {
        return stub();
    }

    public Tensor matmul(Tensor o) {
        return stub();
    } // [..., M, K] x [..., K, N] -> [..., M, N], leading dims broadcast
    // comparisons -> BOOL
    public Tensor lt(Tensor o) {
        return stub();
    }

    public Tensor le(Tensor o) {
        return stub();
    }

    public Tensor gt(Tensor o) {
        return stub();
    }

    public Tensor ge(Tensor o) {
        return stub();
    }

    public Tensor eq(Tensor o) {
        return stub();
    }

    public Tensor ne(Tensor o) {
        return stub();
    }

    public Tensor lt(double o) {
        return stub();
    }

    public Tensor le(double o) {
        return stub();
    }

    public Tensor gt(double o) {
        return stub();
    }

    public Tensor ge(double o) {
        return stub();
    }

    public Tensor eq(double o) {
        return stub();
    }

    public Tensor and(Tensor o) {
        return stub();
    }

    public Tensor or(Tensor o) {
        return stub();
    }

    public Tensor not() {
        return stub();
    }

    public Tensor isNaN() {
        return stub();
    }

    public Tensor isInf() {
        return stub();
    }
    // reductions; no axes = over everything. keepDims variants keep the reduced axes as size 1
    public Tensor sum(int... axes) {
        return stub();
    }

    public Tensor mean(int... axes) {
        return stub();
    }

    public Tensor max(int... axes) {
        return stub();
    }

    public Tensor min(int... axes) {
        return stub();
    }

    public Tensor sumKeep(int... axes) {
        return stub();
    }

    public Tensor meanKeep(int... axes) {
        return stub();
    }

    public Tensor maxKeep(int... axes) {
        return stub();
    }

    public Tensor minKeep(int... axes) {
        return stub();
    }

    public Tensor logSumExp(int... axes) {
        return stub();
    }

    public Tensor argmax(int axis) {
        return stub();
    } // I32

    public Tensor argmin(int axis) {
        return stub();
    }

    public Tensor cumsum(int axis) {
        return stub();
    }

    public Tensor sort(int axis) {
        return stub();
    } // rising

    public Tensor argsort(int axis) {
        return stub();
    } // rising, stable, I32

    public boolean all() {
        return stub();
    } // evaluates

    public boolean any() {
        return stub();
    } // evaluates
    // shape
    public Tensor reshape(int... shape) {
        return stub();
    } // one -1 allowed

    public Tensor transpose(int... axes) {
        return stub();
    } // no axes = reverse all

    public Tensor swapAxes(int a, int b) {
        return stub();
    }

    public Tensor T() {
        return stub();
    } // swaps the last two axes

    public Tensor expandDims(int... axes) {
        return stub();
    }

    public Tensor squeeze(int... axes) {
        return stub();
    }

    public Tensor broadcastTo(int... shape) {
        return stub();
    }

    public Tensor repeat(int times, int axis) {
        return stub();
    }

    public Tensor[] split(int axis, int parts) {
        return stub();
    }

    public Tensor tril(int k) {
        return stub();
    }

    public Tensor triu(int k) {
        return stub();
    }

    public Tensor contiguous() {
        return stub();
    }
    /** NumPy-like: at(":, 2, 1:-1"), at("..., ::2"), at("None, :"). Out-of-range integer index = IndexOutOfBoundsException. */
    public Tensor at(String index) {
        return stub();
    }

    public Tensor at(int... leading) {
        return stub();
    } // leading integer indices

    public Tensor slice(int axis, int from, int to) {
        return stub();
    } // negative counts from the end
    // gather: every index is range-checked in Java before it reaches MLX
    public Tensor take(int[] indices, int axis) {
        return stub();
    }

    public Tensor take(Tensor indices, int axis) {
        return stub();
    }

    public Tensor takeAlongAxis(Tensor indices, int axis) {
        return stub();
    }

    public Tensor putAlongAxis(Tensor indices, Tensor values, int axis) {
        return stub();
    }
    // types and values
    public Tensor astype(DType dtype) {
        return stub();
    }

    public Tensor eval() {
        return stub();
    } // forces the computation, returns this

    public static void eval(Tensor... tensors) {
        stub();
    }

    public boolean isEvaluated() {
        return stub();
    }

    public float[] toFloats() {
        return stub();
    } // any dtype, row-major

    public double[] toDoubles() {
        return stub();
    }

    public int[] toInts() {
        return stub();
    }

    public long[] toLongs() {
        return stub();
    }

    public boolean[] toBooleans() {
        return stub();
    }

    public float[][] toMatrix() {
        return stub();
    } // rank 2 only

    public double item() {
        return stub();
    } // size 1 only

    public double item(int... index) {
        return stub();
    }
}
