package tinyllm.model;

import org.jspecify.annotations.Nullable;
import tinyllm.kernel.MlxKernels;
import tinyllm.tensor.Tensor;

/**
 * A matrix as MLX multiplies it: packed, or real numbers where its packing can't hold it.
 *
 * @param real {@code [out, in]}, or null when packed is there
 */
record MlxLinear(
        MlxKernels.@Nullable Packed packed,
        @Nullable Tensor real,
        @Nullable Tensor bias) {

    Tensor apply(Tensor x) {
        Tensor y = packed != null ? MlxKernels.quantizedMatmul(x, packed) : x.matmul(real().T());
        return bias == null ? y : y.add(bias);
    }

    /** Rows of the matrix, {@code [n, in]}. */
    Tensor rows(int[] ids) {
        if (packed == null) {
            return real().take(ids, 0);
        }
        return MlxKernels.dequantize(new MlxKernels.Packed(
                packed.words().take(ids, 0),
                packed.scales().take(ids, 0),
                packed.biases().take(ids, 0),
                packed.bits(),
                packed.groupSize()));
    }

    @Override
    public Tensor real() {
        if (real == null) {
            throw new IllegalStateException("this matrix is packed");
        }
        return real;
    }

    ModelOperation operation(String name) {
        int rows = packed == null ? real().dim(0) : packed.words().dim(0);
        int columns = packed == null ? real().dim(1) : packed.words().dim(1) * 32 / packed.bits();
        return ModelOperation.of(name, new ModelOperation.Matrix(columns, rows, nbytes()));
    }

    long nbytes() {
        return (packed == null ? real().nbytes() : packed.nbytes()) + (bias == null ? 0 : bias.nbytes());
    }
}
