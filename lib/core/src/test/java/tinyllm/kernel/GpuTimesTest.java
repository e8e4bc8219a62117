package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.QuantizedKernels.Weights;
import tinyllm.tensor.DType;
import tinyllm.tensor.Device;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * The kernels of metal/ beside MLX's own operations on a GPU, at the sizes of Qwen2.5-0.5B in F16: equal, and how long each takes, printed
 * as microseconds a launch. Left out on a CPU, where neither would say anything; {@code metal/cuda/check.sh} runs it.
 */
class GpuTimesTest {
    private static final int BATCH = 20;
    private static final int BATCHES = 9;
    private static final DType T = DType.F16;

    @BeforeAll
    static void onlyWithAGpu() {
        assumeTrue(Device.current() != Device.CPU, "MLX was built for the CPU");
        System.out.printf("%-48s %10s %10s%n", "microseconds a launch", "ours", "MLX");
    }

    @Test
    void rows() {
        Tensor x = random(1, 512, 896);
        Tensor weight = random(2, 896);
        line("rms_norm, 512 x 896", SmallKernels.rmsNorm(x, weight, 1e-6f), () -> MlxKernels.rmsNorm(x, weight, 1e-6));
        Tensor heads = random(3, 1, 14, 512, 64);
        line(
                "rope, 14 heads of 512 x 64",
                SmallKernels.rope(heads, 0, 1e6f, false),
                () -> MlxKernels.rope(heads, 0, 1e6, false));
        Tensor gate = random(4, 512 * 4864);
        Tensor up = random(5, 512 * 4864);
        line(
                "swiglu, 512 x 4864 (MLX: three operations)",
                SmallKernels.swiglu(gate, up),
                () -> gate.mul(gate.sigmoid()).mul(up));
    }

    @Test
    void products() {
        for (int[] size : new int[][] {{896, 896}, {896, 4864}, {4864, 896}}) {
            Weights w = Oracle.weights(12, size[1], size[0], 4, 64, T);
            var packed = new MlxKernels.Packed(w.w(), w.scales(), w.biases(), w.bits(), w.group());
            String name = " 4-bit, " + size[0] + " to " + size[1];
            Tensor one = random(6, 1, size[0]);
            line("qmv, 1 row," + name, QuantizedKernels.matvec(one, w), () -> MlxKernels.quantizedMatmul(one, packed));
            Tensor many = random(7, 512, size[0]);
            line(
                    "qmm_tile, 512 rows," + name,
                    QuantizedKernels.tile(many, w),
                    () -> MlxKernels.quantizedMatmul(many, packed));
        }
    }

    @Test
    void attention() {
        Tensor k = random(8, 1, 2, 2048, 64);
        Tensor v = random(9, 1, 2, 2048, 64);
        Tensor one = random(10, 1, 14, 64);
        line(
                "attention_decode, 14/2 heads, 2048 keys",
                AttentionKernels.decode(one, k, v, 0.125f),
                () -> MlxKernels.attend(one.reshape(1, 14, 1, 64), k, v, null, 0.125));
        Tensor q = random(11, 1, 14, 512, 64);
        Tensor keys = random(12, 1, 2, 512, 64);
        line(
                "attention_prefill, 14/2 heads, 512 x 512",
                AttentionKernels.prefill(q, keys, keys, 0.125f, false),
                () -> MlxKernels.attend(q, keys, keys, null, 0.125));
        Tensor mask = random(13, 512, 512);
        line(
                "attention_prefill, the same with a mask",
                AttentionKernels.prefill(q, keys, keys, mask, 0.125f),
                () -> MlxKernels.attend(q, keys, keys, mask, 0.125));
    }

    private static Tensor random(long seed, int... shape) {
        return Tensor.normal(seed, shape).astype(T).eval();
    }

    private static void line(String name, KernelCall ours, Supplier<Tensor> theirs) {
        double[] mine = ours.run().getLast().toDoubles();
        double[] truth = theirs.get().toDoubles();
        double largest = Arrays.stream(truth).map(Math::abs).max().orElseThrow();
        assertThat(mine).as(name).hasSameSizeAs(truth);
        for (int i = 0; i < mine.length; i++) {
            assertThat(Math.abs(mine[i] - truth[i]))
                    .as("%s, element %d", name, i)
                    .isLessThan(1e-2 * largest);
        }
        double time = time(() -> ours.run().getLast());
        System.out.printf(Locale.ROOT, "%-48s %10.1f %10.1f%n", name, time, time(theirs));
    }

    // Launches are queued together, so that the time is the GPU's and not the way there; the median of the batches.
    private static double time(Supplier<Tensor> launch) {
        double[] times = new double[BATCHES];
        for (int b = -2; b < BATCHES; b++) {
            try (Scope ignored = Scope.open()) {
                Tensor[] made = new Tensor[BATCH];
                for (int i = 0; i < BATCH; i++) {
                    made[i] = launch.get();
                }
                long start = System.nanoTime();
                Tensor.eval(made);
                if (b >= 0) {
                    times[b] = (System.nanoTime() - start) / 1e3 / BATCH;
                }
            }
        }
        Arrays.sort(times);
        return times[BATCHES / 2];
    }
}
