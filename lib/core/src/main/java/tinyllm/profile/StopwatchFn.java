package tinyllm.profile;

import java.util.function.LongSupplier;
import java.util.function.Supplier;
import tinyllm.tensor.Tensor;

/** Times an operation on lazy arrays (chapter 4.6). */
@FunctionalInterface
public interface StopwatchFn {

    /**
     * The median of several runs, after one that does not count.
     *
     * @param operation gives a tensor that may not be computed yet; computing it belongs to the time
     * @param runs that count, an odd number
     * @param clock nanoseconds since some moment, as {@code System::nanoTime}
     * @return seconds
     */
    double seconds(Supplier<Tensor> operation, int runs, LongSupplier clock);
}
