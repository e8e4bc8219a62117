package tinyllm.kernel;

import java.util.Locale;
import tinyllm.tensor.Device;

/** Who computes a model's layers. */
public enum KernelSet {
    /** This lab's own kernels, on a CPU: quantized weights, int8 activations, the same bits whatever runs beside. */
    OWN,
    /** MLX's fused operations on MLX's packing of quantized weights. */
    MLX,
    /** Dequantized float32 and array operations, as chapter 1.5 builds them. */
    REFERENCE;

    /** The set that commands use when none is asked for. */
    public static KernelSet standard(Device device) {
        return device == Device.CPU ? OWN : MLX;
    }

    /** The name that {@code --kernels} takes. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
