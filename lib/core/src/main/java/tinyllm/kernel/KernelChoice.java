package tinyllm.kernel;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Device;

/** Which variant of an operation runs: a pure function of what is known before anything runs, always with a fallback. */
public final class KernelChoice {

    private KernelChoice() {}

    /** How a matrix is held and multiplied. */
    public enum Matrix {
        /** Packed for our CPU kernels as it is stored. */
        OWN,
        /** Quantized to 8 bits, groups of 32, from real numbers, and packed for our CPU kernels. */
        OWN_8_BIT,
        /** In MLX's packing, as it is stored. */
        MLX,
        /** In MLX's packing, quantized again to 8 bits, groups of 32: groups of 16 do not exist there. */
        MLX_8_BIT,
        /** Dequantized float32. */
        FLOAT
    }

    /** How attention is computed. */
    public enum Attention {
        OWN_FLASH,
        MLX_FUSED,
        ARRAY_OPERATIONS
    }

    /**
     * @param form the stored matrix, or null when it holds real numbers
     * @param cols its columns
     */
    public static Matrix matrix(KernelSet wanted, Device device, @Nullable WeightForm form, int cols) {
        boolean blocks = cols % 32 == 0;
        return switch (effective(wanted, device)) {
            case OWN -> {
                if (form == null || form.problem() != null) {
                    yield blocks ? Matrix.OWN_8_BIT : Matrix.FLOAT;
                }
                yield Matrix.OWN;
            }
            case MLX -> {
                if (form == null) {
                    yield Matrix.FLOAT;
                }
                boolean groups = form.groupSize() == 32 || form.groupSize() == 64 || form.groupSize() == 128;
                yield groups ? Matrix.MLX : blocks ? Matrix.MLX_8_BIT : Matrix.FLOAT;
            }
            case REFERENCE -> Matrix.FLOAT;
        };
    }

    /** @param headDim components of a head */
    public static Attention attention(KernelSet wanted, Device device, int headDim) {
        return switch (effective(wanted, device)) {
            case OWN -> headDim <= 1024 ? Attention.OWN_FLASH : Attention.ARRAY_OPERATIONS;
            case MLX -> Attention.MLX_FUSED;
            case REFERENCE -> Attention.ARRAY_OPERATIONS;
        };
    }

    /** Our C++ kernels run on a CPU; on a GPU the weights stay in MLX's packing. */
    public static KernelSet effective(KernelSet wanted, Device device) {
        return wanted == KernelSet.OWN && device != Device.CPU ? KernelSet.MLX : wanted;
    }
}
