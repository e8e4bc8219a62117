package tinyllm.kernel;

import org.bytedeco.mlx.global.mlx;
import tinyllm.natives.kernels;

/**
 * The threads that compute, in one place: those of our kernels and of BLAS. They are as many as {@code --threads},
 * {@code TINYLLM_THREADS} or the property {@code org.bytedeco.mlx.threads} say, else one for each physical core that this process may
 * use. The two pools never compute at the same time: one operation runs after the other.
 */
public final class KernelThreads {

    private KernelThreads() {}

    public static int count() {
        return kernels.kernel_threads();
    }

    /** @param count 1 to 1024 */
    public static void set(int count) {
        if (count < 1 || count > 1024) {
            throw new IllegalArgumentException("the number of threads has to be 1 to 1024, and is " + count);
        }
        kernels.set_kernel_threads(count);
        mlx.set_blas_threads(count);
    }

    /** Physical cores that this process may use, by its affinity. */
    public static int physicalCores() {
        return kernels.physical_core_count();
    }
}
