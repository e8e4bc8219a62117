package tinyllm.tensor;

/**
 * Where tensors live and are computed. A process uses one device: the GPU that MLX was built for where there is one, else
 * the CPU. The system property {@code tinyllm.device=cpu} asks for the CPU.
 */
public enum Device {
    CPU,
    METAL,
    CUDA;

    /** The device of this process; loads MLX at the first call. */
    public static Device current() {
        return DeviceThread.device();
    }
}
