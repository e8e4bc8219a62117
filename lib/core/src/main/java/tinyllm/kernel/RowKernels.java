package tinyllm.kernel;

import java.util.Arrays;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.array;
import tinyllm.natives.kernels;
import tinyllm.tensor.Device;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Tensor;

/** Fused operations on rows. Each row's result depends on that row alone, bit for bit; results are F32. */
public final class RowKernels {

    private RowKernels() {}

    /** A sum and its norm. */
    public record Normed(Tensor sum, Tensor norm) {}

    /**
     * {@code x / √(mean(x²) + eps) · weight} over the last axis.
     *
     * @param x {@code [..., D]}
     * @param weight {@code [D]}
     */
    public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        checkNorm(x, weight);
        return DeviceThread.apply(
                "rmsNorm", (call, in) -> kernels.rms_norm(in[0], in[1], (float) eps, call.stream()), x, weight);
    }

    /** {@code x + residual}, and its RMSNorm, in one pass. */
    public static Normed rmsNorm(Tensor x, Tensor residual, Tensor weight, double eps) {
        checkNorm(x, weight);
        same("rmsNorm", x, residual);
        array[] norm = new array[1];
        Tensor sum = DeviceThread.apply(
                "rmsNorm",
                (call, in) -> {
                    ArrayVector both =
                            call.temp(kernels.rms_norm_residual(in[0], in[1], in[2], (float) eps, call.stream()));
                    norm[0] = both.get(1);
                    return both.get(0);
                },
                x,
                residual,
                weight);
        return new Normed(sum, DeviceThread.apply("rmsNorm", (call, in) -> norm[0]));
    }

    /** {@code silu(gate) · up} */
    public static Tensor swiGlu(Tensor gate, Tensor up) {
        same("swiGlu", gate, up);
        return DeviceThread.apply("swiGlu", (call, in) -> kernels.swiglu(in[0], in[1], call.stream()), gate, up);
    }

    /** Over the last axis. */
    public static Tensor softmax(Tensor x) {
        if (x.rank() < 1 || x.dim(-1) < 1) {
            throw new IllegalArgumentException("softmax: x of shape " + Arrays.toString(x.shape()) + " has no rows");
        }
        return DeviceThread.apply("softmax", (call, in) -> kernels.softmax(in[0], call.stream()), x);
    }

    /** The logarithm of the sum of exponentials over the last axis, which goes; MLX's own on a GPU. */
    public static Tensor logSumExp(Tensor x) {
        if (x.rank() < 1 || x.dim(-1) < 1) {
            throw new IllegalArgumentException("logSumExp: x of shape " + Arrays.toString(x.shape()) + " has no rows");
        }
        if (Device.current() != Device.CPU) {
            return x.logSumExp(-1);
        }
        return DeviceThread.apply("logSumExp", (call, in) -> kernels.log_sum_exp(in[0], call.stream()), x);
    }

    /**
     * Rotary embedding of positions offset … offset + L − 1.
     *
     * @param x {@code [..., L, D]}
     * @param neighbours true when rotary pairs are neighbours, false for halves
     */
    public static Tensor rope(Tensor x, RopeTable table, int offset, boolean neighbours) {
        if (x.rank() < 2 || offset < 0) {
            throw new IllegalArgumentException("rope: x of shape " + Arrays.toString(x.shape()) + " at offset " + offset
                    + " has to be [..., L, D] at 0 or more");
        }
        Tensor[] angles = table.at(offset, x.dim(-2));
        if (angles[0].dim(-1) * 2 != x.dim(-1)) {
            throw new IllegalArgumentException("rope: a table for heads of " + 2 * angles[0].dim(-1)
                    + " components does not fit x of shape " + Arrays.toString(x.shape()));
        }
        return DeviceThread.apply(
                "rope",
                (call, in) -> kernels.rope(in[0], in[1], in[2], neighbours, call.stream()),
                x,
                angles[0],
                angles[1]);
    }

    private static void checkNorm(Tensor x, Tensor weight) {
        if (x.rank() < 1 || weight.rank() != 1 || x.dim(-1) != weight.dim(0)) {
            throw new IllegalArgumentException("rmsNorm: x of shape " + Arrays.toString(x.shape())
                    + " and a weight of shape " + Arrays.toString(weight.shape()) + " do not fit");
        }
    }

    private static void same(String op, Tensor a, Tensor b) {
        if (!Arrays.equals(a.shape(), b.shape())) {
            throw new IllegalArgumentException(op + ": shapes " + Arrays.toString(a.shape()) + " and "
                    + Arrays.toString(b.shape()) + " have to be alike");
        }
    }
}
