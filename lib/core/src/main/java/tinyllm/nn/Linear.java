package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/**
 * A linear layer, {@code y = x · wᵀ + b}.
 *
 * @param weight {@code [out, in]}
 * @param bias {@code [out]}, or null
 */
public record Linear(Tensor weight, @Nullable Tensor bias) {

    public Linear {
        if (weight.rank() != 2) {
            throw new IllegalArgumentException("a linear layer's weight is [out, in], not rank " + weight.rank());
        }
        if (bias != null && (bias.rank() != 1 || bias.dim(0) != weight.dim(0))) {
            throw new IllegalArgumentException("the bias must have one value per output: weight has " + weight.dim(0)
                    + " rows, bias has shape " + java.util.Arrays.toString(bias.shape()));
        }
    }

    /**
     * @param x {@code [..., in]}
     * @return {@code [..., out]}
     */
    public Tensor apply(Tensor x) {
        Tensor y = x.matmul(weight.T());
        return bias == null ? y : y.add(bias);
    }
}
