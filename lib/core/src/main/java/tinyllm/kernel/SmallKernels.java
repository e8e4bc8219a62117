package tinyllm.kernel;

import java.util.Arrays;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The small operations of a decoder as calls of this lab's Metal kernels (chapter 4.5). Inputs are F32, F16 or BF16. */
public final class SmallKernels {
    private static final int ROW_THREADS = 256;

    private SmallKernels() {}

    /** a · x + y for F32 x and y of shape [n]; four elements a thread, if asked for and n is at least 8. */
    public static KernelCall axpy(float a, Tensor x, Tensor y, boolean four) {
        Demand.rank("axpy", "x", x, 1);
        Demand.shape("axpy", "y", y, x.shape());
        Demand.dtype("axpy", "x", x, DType.F32);
        Demand.dtype("axpy", "y", y, DType.F32);
        int n = x.dim(0);
        boolean byFour = four && n >= KernelSignature.CONSTANT_BELOW; // the kernel casts to device pointers
        return KernelCall.of(
                MetalKernel.library("axpy.metal", byFour ? "axpy_by_four" : "axpy")
                        .inputs("a", "x", "y")
                        .outputs("out"),
                Launch.grid(Demand.up(byFour ? Math.ceilDiv(n, 4) : n, 64))
                        .group(64)
                        .output(DType.F32, n),
                Tensor.scalar(a),
                x,
                y);
    }

    /** Softmax over the last axis of [rows, n]. */
    public static KernelCall softmax(Tensor x) {
        Demand.rank("softmax", "x", x, 2);
        Demand.floating("softmax", "x", x);
        return KernelCall.of(
                MetalKernel.library("softmax.metal", "softmax").inputs("x").outputs("out"),
                rows(x).output(x.dtype(), x.shape()).template("T", x.dtype()),
                x);
    }

    /** x / sqrt(mean(x²) + eps) · weight for x [rows, n], weight [n]. */
    public static KernelCall rmsNorm(Tensor x, Tensor weight, float eps) {
        norm("rms_norm", x, weight);
        return KernelCall.of(
                MetalKernel.library("rms_norm.metal", "rms_norm")
                        .inputs("x", "weight", "eps")
                        .outputs("out"),
                rows(x).output(x.dtype(), x.shape()).template("T", x.dtype()),
                x,
                weight,
                Tensor.scalar(eps));
    }

    /** Two outputs: x + residual, and its norm; x and residual [rows, n]. */
    public static KernelCall rmsNormResidual(Tensor x, Tensor residual, Tensor weight, float eps) {
        norm("rms_norm_residual", x, weight);
        Demand.shape("rms_norm_residual", "residual", residual, x.shape());
        Demand.dtype("rms_norm_residual", "residual", residual, x.dtype());
        return KernelCall.of(
                MetalKernel.library("rms_norm.metal", "rms_norm_residual")
                        .inputs("x", "residual", "weight", "eps")
                        .outputs("sum", "out"),
                rows(x).output(x.dtype(), x.shape())
                        .output(x.dtype(), x.shape())
                        .template("T", x.dtype()),
                x,
                residual,
                weight,
                Tensor.scalar(eps));
    }

    /** Rotary embedding of x [B, H, L, D], whose first row stands at position offset. */
    public static KernelCall rope(Tensor x, int offset, float theta, boolean traditional) {
        Demand.rank("rope", "x", x, 4);
        Demand.floating("rope", "x", x);
        Demand.that(
                x.dim(3) % 2 == 0, "rope", "the head size " + x.dim(3) + " is not even, so its elements don't pair up");
        Demand.that(offset >= 0, "rope", "the offset " + offset + " is negative");
        Demand.that(theta > 1, "rope", "theta " + theta + " is not above 1");
        int pairs = x.dim(3) / 2;
        return KernelCall.of(
                MetalKernel.library("rope.metal", "rope")
                        .inputs("x", "offset", "theta")
                        .outputs("out"),
                Launch.grid(Demand.up(pairs, 32), Demand.up(x.dim(2), 4), x.dim(0) * x.dim(1))
                        .group(32, 4, 1)
                        .output(x.dtype(), x.shape())
                        .template("T", x.dtype())
                        .template("TRADITIONAL", traditional),
                x,
                Tensor.of(new int[] {offset}).reshape(),
                Tensor.scalar(theta));
    }

    /** silu(gate) · up, both [n]. */
    public static KernelCall swiglu(Tensor gate, Tensor up) {
        Demand.rank("swiglu", "gate", gate, 1);
        Demand.floating("swiglu", "gate", gate);
        Demand.shape("swiglu", "up", up, gate.shape());
        Demand.dtype("swiglu", "up", up, gate.dtype());
        return KernelCall.of(
                MetalKernel.library("swiglu.metal", "swiglu")
                        .inputs("gate", "up")
                        .outputs("out"),
                Launch.grid(Demand.up(gate.dim(0), ROW_THREADS))
                        .group(ROW_THREADS)
                        .output(gate.dtype(), gate.shape())
                        .template("T", gate.dtype()),
                gate,
                up);
    }

    private static void norm(String kernel, Tensor x, Tensor weight) {
        Demand.rank(kernel, "x", x, 2);
        Demand.floating(kernel, "x", x);
        Demand.that(
                weight.rank() == 1 && weight.dim(0) == x.dim(1),
                kernel,
                "weight of shape " + Arrays.toString(weight.shape()) + " does not fit rows of " + x.dim(1));
        Demand.dtype(kernel, "weight", weight, x.dtype());
    }

    // A threadgroup per row, no larger than the row needs.
    private static Launch rows(Tensor x) {
        int threads = Math.min(ROW_THREADS, Demand.up(x.dim(1), 32));
        return Launch.grid(Math.multiplyExact(threads, x.dim(0))).group(threads);
    }
}
