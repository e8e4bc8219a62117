package tinyllm.lab.exercises.profiling;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.profile.Stopwatch;
import tinyllm.profile.StopwatchFn;
import tinyllm.tensor.LazyGraph;
import tinyllm.tensor.Tensor;

/** Exercise "4.6 stopwatch", by a clock that goes on only when something is computed. */
public final class StopwatchExercise {

    private static final long CALL = 1_000;

    public static final Exercise<StopwatchFn> STOPWATCH = Exercise.of("4.6 stopwatch", StopwatchFn.class)
            .title("How long an operation takes")
            .reference(Stopwatch::new)
            .hint(
                    "Three things: a first run that does not count, a clock read right before and right after each run, and the"
                            + " middle one of the sorted times.")
            .hint(
                    "operation.get() only writes down what is to be done. operation.get().eval() does it: the clock may not stop"
                            + " before.")
            .hint("long start = clock.getAsLong(); operation.get().eval(); nanos[i] = clock.getAsLong() - start; then"
                    + " Arrays.sort(nanos) and nanos[runs / 2] / 1e9.")
            .check(situation("five runs, the first one slow", 900, 10, 12, 11, 13, 14))
            .check(situation("one run", 50, 7))
            .check(situation("three runs that fall", 30, 9, 6, 3))
            .check(situation("one of seven disturbed", 40, 5, 4, 700, 6, 5, 5, 8))
            .check(situation("all different", 8, 50, 10, 40, 20, 30))
            .mistake(
                    "nothing computed",
                    "The clock stopped before anything was computed: an operation on lazy arrays only gives a promise. Call"
                            + " eval() on the result within the time.",
                    () -> new Steps() {
                        @Override
                        void run(Supplier<Tensor> operation) {
                            var _ = operation.get();
                        }
                    })
            .mistake(
                    "computed outside of the time",
                    "The result is computed, but after the clock has stopped: eval() belongs between the two readings.",
                    () -> new Steps() {
                        @Override
                        long timed(Supplier<Tensor> operation, LongSupplier clock) {
                            long start = clock.getAsLong();
                            Tensor result = operation.get();
                            long took = clock.getAsLong() - start;
                            result.eval();
                            return took;
                        }
                    })
            .mistake(
                    "no warm-up",
                    "The first run counts. It loads, compiles and touches memory for the first time: run once before the times"
                            + " that count.",
                    () -> new Steps() {
                        @Override
                        void warm(Supplier<Tensor> operation) {}
                    })
            .mistake(
                    "the mean",
                    "This is the mean: one disturbed run pulls it up. The median, the middle one of the sorted times, does not"
                            + " move.",
                    () -> new Steps() {
                        @Override
                        double choose(long[] nanos) {
                            return Arrays.stream(nanos).average().orElse(0);
                        }
                    })
            .mistake(
                    "the best",
                    "This is the smallest time. It tells what is possible on a lucky run; asked for is the median.",
                    () -> new Steps() {
                        @Override
                        double choose(long[] nanos) {
                            return Arrays.stream(nanos).min().orElse(0);
                        }
                    })
            .mistake(
                    "not sorted",
                    "The run in the middle of the loop was taken. The median is the middle one after sorting.",
                    () -> new Steps() {
                        @Override
                        double choose(long[] nanos) {
                            return nanos[nanos.length / 2];
                        }
                    })
            .mistake(
                    "the sum",
                    "All runs together came back. Each run has a time of its own; the median of these is asked for.",
                    () -> new Steps() {
                        @Override
                        double choose(long[] nanos) {
                            return Arrays.stream(nanos).sum();
                        }
                    })
            .mistake(
                    "nanoseconds",
                    "The clock counts nanoseconds, and seconds were asked for: divide by 1e9.",
                    () -> new Steps() {
                        @Override
                        double unit() {
                            return 1;
                        }
                    })
            .mistake(
                    "milliseconds",
                    "Milliseconds came, and seconds were asked for: a second has 1e9 nanoseconds.",
                    () -> new Steps() {
                        @Override
                        double unit() {
                            return 1e6;
                        }
                    })
            .mistake(
                    "one run too few",
                    "The warm-up was counted as one of the runs: after it, so many runs as asked for.",
                    () -> new Steps() {
                        @Override
                        int counted(int runs) {
                            return Math.max(runs - 1, 1);
                        }
                    })
            .build();

    private StopwatchExercise() {}

    /** The right stopwatch in steps, of which each mistake replaces one. */
    private static class Steps implements StopwatchFn {

        void run(Supplier<Tensor> operation) {
            operation.get().eval();
        }

        void warm(Supplier<Tensor> operation) {
            run(operation);
        }

        int counted(int runs) {
            return runs;
        }

        long timed(Supplier<Tensor> operation, LongSupplier clock) {
            long start = clock.getAsLong();
            run(operation);
            return clock.getAsLong() - start;
        }

        double choose(long[] nanos) {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length / 2];
        }

        double unit() {
            return 1e9;
        }

        @Override
        public double seconds(Supplier<Tensor> operation, int runs, LongSupplier clock) {
            warm(operation);
            long[] nanos = new long[counted(runs)];
            for (int i = 0; i < nanos.length; i++) {
                nanos[i] = timed(operation, clock);
            }
            return choose(nanos) / unit();
        }
    }

    /** An operation whose runs take given times, and the clock that sees them. */
    private static final class World {
        private final long[] nanos;
        private int runs;
        private int computed;
        private long now = 12_345;
        private @Nullable Tensor last;

        World(long[] nanos) {
            this.nanos = nanos;
        }

        Tensor run() {
            pass();
            now += CALL;
            last = Tensor.of(new float[] {1, runs, 2}).add(1);
            runs++;
            return last;
        }

        long clock() {
            pass();
            return now;
        }

        /** Time goes on for what has been computed since the last look. */
        private void pass() {
            if (last != null
                    && LazyGraph.of(Map.of("result", last)).operations().isEmpty()) {
                now += nanos[Math.min(runs - 1, nanos.length - 1)];
                last = null;
                computed++;
            }
        }
    }

    /** @param times of each run, in a unit of the seed, the first one is that which does not count */
    private static Case<StopwatchFn> situation(String name, int... times) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    long unit = draw.between(1_000_000, 9_000_000);
                    return Arrays.stream(times).mapToLong(t -> t * unit).toArray();
                },
                (answer, nanos) -> {
                    World world = new World(nanos);
                    Map<String, Object> result = new LinkedHashMap<>();
                    result.put("seconds", answer.seconds(world::run, nanos.length - 1, world::clock));
                    result.put("runs of the operation", world.runs);
                    world.pass();
                    result.put("results that were computed", world.computed);
                    return result;
                });
    }
}
