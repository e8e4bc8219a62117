package tinyllm.lab;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** Times that can be compared: medians of several runs, after one that does not count, and the power law through them. */
public final class Timing {

    private static final int RUNS = 5;

    private Timing() {}

    /**
     * The median of five runs, in milliseconds. The result is computed within the time and freed after it.
     *
     * @throws CancellationException when the thread is interrupted
     */
    public static double medianMs(Supplier<Tensor> body) {
        return medianMs(RUNS, body);
    }

    /**
     * The median of so many runs, in milliseconds, after one that does not count. The result is computed within the time
     * and freed after it.
     *
     * @param runs 1 or more
     * @throws CancellationException when the thread is interrupted
     */
    public static double medianMs(int runs, Supplier<Tensor> body) {
        return time(runs, () -> Scope.of(body));
    }

    /**
     * The median of five runs that only ask for a tensor and compute none of its numbers, in milliseconds.
     *
     * @throws CancellationException when the thread is interrupted
     */
    public static double promiseMs(Supplier<Tensor> body) {
        Tensor[] last = new Tensor[1]; // a promise that somebody holds, or no one would have to keep it
        return time(RUNS, () -> last[0] = body.get());
    }

    /**
     * The median of so many runs of anything, in milliseconds, after one that does not count. Whoever times tensors here
     * evaluates them in the body.
     *
     * @param runs 1 or more
     * @throws CancellationException when the thread is interrupted
     */
    public static double medianMs(int runs, Runnable body) {
        return time(runs, body);
    }

    private static double time(int runs, Runnable body) {
        double[] ms = new double[runs];
        body.run();
        for (int i = 0; i < runs; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            long start = System.nanoTime();
            body.run();
            ms[i] = (System.nanoTime() - start) / 1e6;
        }
        return median(ms);
    }

    /** The middle one, the upper of two; the values stay in their order. */
    public static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** The e in {@code y ∝ x^e}, by least squares over the logarithms. */
    public static double exponent(double[] x, double[] y) {
        double[] logX = Arrays.stream(x).map(Math::log).toArray();
        double[] logY = Arrays.stream(y).map(Math::log).toArray();
        double meanX = Arrays.stream(logX).average().orElseThrow();
        double meanY = Arrays.stream(logY).average().orElseThrow();
        double above = 0;
        double below = 0;
        for (int i = 0; i < logX.length; i++) {
            above += (logX[i] - meanX) * (logY[i] - meanY);
            below += (logX[i] - meanX) * (logX[i] - meanX);
        }
        return above / below;
    }
}
