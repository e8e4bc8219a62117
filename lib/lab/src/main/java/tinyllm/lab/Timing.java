package tinyllm.lab;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** Times that can be compared: the median of several runs, after one that does not count. */
public final class Timing {

    private static final int RUNS = 5;

    private Timing() {}

    /**
     * The median of five runs, in milliseconds. The result is computed within the time and freed after it.
     *
     * @throws CancellationException when the thread is interrupted
     */
    public static double medianMs(Supplier<Tensor> body) {
        double[] ms = new double[RUNS];
        Scope.of(body);
        for (int i = 0; i < RUNS; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            long start = System.nanoTime();
            Scope.of(body);
            ms[i] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(ms);
        return ms[RUNS / 2];
    }
}
