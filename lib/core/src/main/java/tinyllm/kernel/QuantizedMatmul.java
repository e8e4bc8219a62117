package tinyllm.kernel;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.natives.kernels;
import tinyllm.natives.kernels.LinearKernel;
import tinyllm.tensor.DType;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Tensor;

/**
 * One reading of activations for one to three quantized matrices: {@code x · wᵀ + bias}, side by side. What stands before the products
 * (RMSNorm) and after them (SwiGLU, a residual) is part of the same pass. The activations become int8 in blocks of 32 columns once,
 * whatever the number of matrices. A row's result depends on that row alone, bit for bit. Built once per layer; immutable.
 */
public final class QuantizedMatmul {
    private final List<PackedWeight> weights;
    private final LinearKernel kernel = new LinearKernel();
    private final int outputs;

    private QuantizedMatmul(List<PackedWeight> weights, @Nullable Tensor norm, double eps, boolean swiGlu) {
        int cols = weights.getFirst().form().cols();
        for (PackedWeight weight : weights) {
            if (weight.form().cols() != cols) {
                throw new IllegalArgumentException(
                        "matrices that read the same activations need the same columns, and have " + cols + " and "
                                + weight.form().cols());
            }
            kernel.add(weight.matrix());
        }
        this.weights = weights;
        if (norm != null) {
            setNorm(norm, eps, cols);
        }
        if (swiGlu) {
            kernel.set_swiglu();
        }
        this.outputs = swiGlu
                ? weights.getFirst().form().rows()
                : weights.stream().mapToInt(w -> w.form().rows()).sum();
    }

    private void setNorm(Tensor norm, double eps, int cols) {
        if (norm.rank() != 1 || norm.dim(0) != cols) {
            throw new IllegalArgumentException("the norm has shape " + Arrays.toString(norm.shape())
                    + ", and the matrices read " + cols + " values");
        }
        Tensor floats = norm.astype(DType.F32).contiguous();
        DeviceThread.run("quantizedMatmul", (call, in) -> kernel.set_norm(in[0], (float) eps), floats);
    }

    /** The product with one to three matrices, side by side. */
    public static QuantizedMatmul of(PackedWeight... weights) {
        return of(null, 0, weights);
    }

    /**
     * The same of {@code RMSNorm(x)}.
     *
     * @param norm {@code [cols]}, or null for none
     */
    public static QuantizedMatmul of(@Nullable Tensor norm, double eps, PackedWeight... weights) {
        if (weights.length < 1 || weights.length > 3) {
            throw new IllegalArgumentException("one to three matrices share their activations, not " + weights.length);
        }
        return new QuantizedMatmul(List.of(weights), norm, eps, false);
    }

    /** {@code silu(x · gateᵀ) · (x · upᵀ)} of {@code RMSNorm(x)}. */
    public static QuantizedMatmul swiGlu(@Nullable Tensor norm, double eps, PackedWeight gate, PackedWeight up) {
        if (gate.form().rows() != up.form().rows()) {
            throw new IllegalArgumentException("gate and up have to be of one shape, and have "
                    + gate.form().rows() + " and " + up.form().rows() + " rows");
        }
        return new QuantizedMatmul(List.of(gate, up), norm, eps, true);
    }

    /**
     * @param x {@code [..., cols]}, F32, F16 or BF16
     * @return {@code [..., outputs]} in F32
     */
    public Tensor apply(Tensor x) {
        check(x);
        return DeviceThread.apply("quantizedMatmul", (call, in) -> kernel.apply(in[0], call.stream()), x);
    }

    /** The same plus residual {@code [..., outputs]}. */
    public Tensor apply(Tensor x, Tensor residual) {
        check(x);
        int[] shape = x.shape();
        shape[shape.length - 1] = outputs;
        if (!Arrays.equals(residual.shape(), shape)) {
            throw new IllegalArgumentException("quantizedMatmul: the residual has shape "
                    + Arrays.toString(residual.shape()) + ", and the output " + Arrays.toString(shape));
        }
        return DeviceThread.apply(
                "quantizedMatmul", (call, in) -> kernel.apply(in[0], in[1], call.stream()), x, residual);
    }

    private void check(Tensor x) {
        int cols = weights.getFirst().form().cols();
        if (x.rank() < 1 || x.dim(-1) != cols) {
            throw new IllegalArgumentException("quantizedMatmul: x has shape " + Arrays.toString(x.shape())
                    + ", and the matrix reads " + cols + " values");
        }
        if (x.dtype() != DType.F32 && x.dtype() != DType.F16 && x.dtype() != DType.BF16) {
            throw new IllegalArgumentException("quantizedMatmul: x has to be F32, F16 or BF16, and is " + x.dtype());
        }
    }

    LinearKernel kernel() {
        return kernel;
    }

    /** Values of an output row. */
    int outputs() {
        return outputs;
    }

    public List<PackedWeight> weights() {
        return weights;
    }

    /**
     * The rows of a table for some ids, dequantized.
     *
     * @param ids each in 0 … rows − 1
     * @return {@code [ids, cols]} in F32
     */
    public static Tensor embed(PackedWeight table, int[] ids) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= table.form().rows()) {
                throw new IndexOutOfBoundsException("embed: id " + ids[i] + " at position " + i + " is not in 0…"
                        + (table.form().rows() - 1));
            }
        }
        Tensor rows = Tensor.of(ids, ids.length).eval();
        return DeviceThread.apply("embed", (call, in) -> kernels.embed(table.matrix(), in[0], call.stream()), rows);
    }
}
