package tinyllm.kernel;

import java.util.Arrays;
import java.util.List;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What a kernel asks of its inputs, said with names, shapes and dtypes when it is not so. */
final class Demand {
    private static final List<DType> FLOATS = List.of(DType.F32, DType.F16, DType.BF16);

    private Demand() {}

    static void that(boolean condition, String kernel, String message) {
        if (!condition) {
            throw new KernelException(kernel + ": " + message);
        }
    }

    /** A tensor of that many axes. */
    static void rank(String kernel, String name, Tensor tensor, int rank) {
        that(
                tensor.rank() == rank,
                kernel,
                name + " has " + rank + " axes, not the shape " + Arrays.toString(tensor.shape()));
    }

    static void shape(String kernel, String name, Tensor tensor, int... shape) {
        that(
                Arrays.equals(tensor.shape(), shape),
                kernel,
                name + " of shape " + Arrays.toString(tensor.shape()) + " does not fit; it has to be "
                        + Arrays.toString(shape));
    }

    /** F32, F16 or BF16. */
    static void floating(String kernel, String name, Tensor tensor) {
        that(FLOATS.contains(tensor.dtype()), kernel, name + " is F32, F16 or BF16, not " + tensor.dtype());
    }

    static void dtype(String kernel, String name, Tensor tensor, DType dtype) {
        that(tensor.dtype() == dtype, kernel, name + " is " + dtype + ", not " + tensor.dtype());
    }

    /** n up to the next multiple of step. */
    static int up(int n, int step) {
        return Math.multiplyExact(Math.ceilDiv(n, step), step);
    }
}
