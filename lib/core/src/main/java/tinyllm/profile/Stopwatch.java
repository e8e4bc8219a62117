package tinyllm.profile;

import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** One run to warm up, then the clock around each run and nothing else. */
public final class Stopwatch implements StopwatchFn {

    @Override
    public double seconds(Supplier<Tensor> operation, int runs, LongSupplier clock) {
        ReferenceUse.note("4.6 stopwatch");
        operation.get().eval();
        long[] nanos = new long[runs];
        for (int i = 0; i < runs; i++) {
            long start = clock.getAsLong();
            operation.get().eval();
            nanos[i] = clock.getAsLong() - start;
        }
        Arrays.sort(nanos);
        return nanos[runs / 2] / 1e9;
    }
}
