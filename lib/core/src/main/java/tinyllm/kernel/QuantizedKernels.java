package tinyllm.kernel;

import java.util.List;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Products with quantized weights as calls of this lab's Metal kernels (chapters 2.3a and 2.3b). */
public final class QuantizedKernels {
    private static final List<Integer> BITS = List.of(2, 3, 4, 5, 6, 8);
    private static final List<Integer> GROUPS = List.of(32, 64, 128);

    /**
     * Affine weights in MLX's packing: a value is scale · q + bias.
     *
     * @param w U32 [N, K · bits / 32], low bits first
     * @param scales [N, K / group]
     * @param biases of scales' shape and dtype
     */
    public record Weights(Tensor w, Tensor scales, Tensor biases, int bits, int group) {
        public Weights {
            String kernel = "quantized weights";
            Demand.that(BITS.contains(bits), kernel, bits + " bits are not possible; " + BITS + " are");
            Demand.that(GROUPS.contains(group), kernel, "groups of " + group + " are not possible; " + GROUPS + " are");
            Demand.rank(kernel, "w", w, 2);
            Demand.dtype(kernel, "w", w, DType.U32);
            Demand.floating(kernel, "scales", scales);
            Demand.dtype(kernel, "biases", biases, scales.dtype());
            long bitsOfRow = 32L * w.dim(1);
            Demand.that(
                    bitsOfRow % bits == 0 && bitsOfRow / bits % group == 0,
                    kernel,
                    "rows of " + w.dim(1) + " words hold no whole groups of " + group + " values of " + bits + " bits");
            int groups = (int) (bitsOfRow / bits / group);
            Demand.shape(kernel, "scales", scales, w.dim(0), groups);
            Demand.shape(kernel, "biases", biases, w.dim(0), groups);
        }

        /** N, the rows of w. */
        public int outputs() {
            return w.dim(0);
        }

        /** K, the values of a row. */
        public int inputs() {
            return (int) (32L * w.dim(1) / bits);
        }
    }

    private QuantizedKernels() {}

    /** One thread per element of the result. */
    public static KernelCall naive(Tensor x, Weights w) {
        check(x, w);
        return call(
                "qmm_naive",
                Launch.grid(Demand.up(w.outputs(), 32), Demand.up(x.dim(0), 4)).group(32, 4),
                x,
                w);
    }

    /** Two SIMD groups with four rows of w each; for one row of x, or a few. */
    public static KernelCall matvec(Tensor x, Weights w) {
        check(x, w);
        return call(
                "qmv", Launch.grid(64 * Math.ceilDiv(w.outputs(), 8), x.dim(0)).group(64, 1), x, w);
    }

    /** A tile of 32 × 32 per threadgroup, multiplied by 8 × 8 SIMD-group matrices. */
    public static KernelCall tile(Tensor x, Weights w) {
        check(x, w);
        return call("qmm_tile", tiles(x, w, 1), x, w);
    }

    /** The first launch of split-K: sums over parts of K, [parts, M, N] in F32. */
    public static KernelCall splitK(Tensor x, Weights w, int parts) {
        check(x, w);
        Demand.that(parts >= 1 && parts <= 64, "qmm_split_k", parts + " parts are not possible; 1 to 64 are");
        Launch launch = tiles(x, w, parts)
                .output(DType.F32, parts, x.dim(0), w.outputs())
                .template("PARTS", parts);
        return KernelCall.of(
                MetalKernel.library("quantized_matmul.metal", "qmm_split_k")
                        .inputs("x", "w", "scales", "biases")
                        .outputs("partial"),
                templates(launch, x, w),
                x,
                w.w(),
                w.scales(),
                w.biases());
    }

    /** The second launch: [parts, M, N] → [M, N]. */
    public static KernelCall splitKSum(Tensor partial, DType dtype) {
        Demand.rank("qmm_split_k_sum", "partial", partial, 3);
        int size = partial.dim(1) * partial.dim(2);
        return KernelCall.of(
                MetalKernel.library("quantized_matmul.metal", "qmm_split_k_sum")
                        .inputs("partial")
                        .outputs("y"),
                Launch.grid(Demand.up(size, 64))
                        .group(64)
                        .output(dtype, partial.dim(1), partial.dim(2))
                        .template("T", dtype),
                partial.reshape(partial.dim(0), size));
    }

    /** Rows of a quantized table: tokens I32 [n] → [n, D] of the scales' dtype. A token out of range gives NaN. */
    public static KernelCall embedding(Tensor tokens, Weights table) {
        Demand.rank("quantized_embedding", "tokens", tokens, 1);
        Demand.dtype("quantized_embedding", "tokens", tokens, DType.I32);
        int n = tokens.dim(0);
        Launch launch = Launch.grid(Demand.up(table.inputs(), 64), n)
                .group(64, 1)
                .output(table.scales().dtype(), n, table.inputs())
                .template("T", table.scales().dtype())
                .template("BITS", table.bits())
                .template("GROUP", table.group());
        return KernelCall.of(
                MetalKernel.library("quantized_embedding.metal", "quantized_embedding")
                        .inputs("tokens", "w", "scales", "biases")
                        .outputs("out"),
                launch,
                tokens,
                table.w(),
                table.scales(),
                table.biases());
    }

    private static void check(Tensor x, Weights w) {
        Demand.rank("quantized matmul", "x", x, 2);
        Demand.dtype("quantized matmul", "x", x, w.scales().dtype());
        Demand.that(
                x.dim(1) == w.inputs(),
                "quantized matmul",
                "x has rows of " + x.dim(1) + " values, and the weights take " + w.inputs());
    }

    private static Launch tiles(Tensor x, Weights w, int parts) {
        return Launch.grid(128 * Math.ceilDiv(w.outputs(), 32), Math.ceilDiv(x.dim(0), 32), parts)
                .group(128, 1, 1);
    }

    private static KernelCall call(String name, Launch launch, Tensor x, Weights w) {
        return KernelCall.of(
                MetalKernel.library("quantized_matmul.metal", name)
                        .inputs("x", "w", "scales", "biases")
                        .outputs("y"),
                templates(launch.output(x.dtype(), x.dim(0), w.outputs()), x, w),
                x,
                w.w(),
                w.scales(),
                w.biases());
    }

    private static Launch templates(Launch launch, Tensor x, Weights w) {
        return launch.template("T", x.dtype()).template("BITS", w.bits()).template("GROUP", w.group());
    }
}
