package tinyllm.lab.check;

import java.lang.ref.SoftReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the reference and the known mistakes of one exercise give in its cases. A case's inputs come from a seed, so each result is
 * computed once: a check after the first runs the learner's answer alone, and names a mistake at once. Forgotten when memory is short.
 *
 * @param <T> the exercise's interface
 */
final class KnownResults<T> {

    private final Map<Key, SoftReference<Result>> known = new ConcurrentHashMap<>();

    /** One run; {@code who} is a mistake, or the exercise for its reference. */
    private record Key(Object who, Object situation, long seed) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && key.who == who && key.situation == situation && key.seed == seed;
        }

        @Override
        public int hashCode() {
            return 31 * (31 * System.identityHashCode(who) + System.identityHashCode(situation)) + Long.hashCode(seed);
        }
    }

    /**
     * How a run ended.
     *
     * @param value what it gave, also null; nobody may change it
     * @param thrown what came instead
     */
    record Result(@Nullable Object value, @Nullable Throwable thrown) {}

    /** What a wrong answer gives on this seed, exceptions included. */
    Result of(Mistake<T> mistake, Case<T> situation, long seed) {
        return get(new Key(mistake, situation, seed), () -> run(mistake, situation, seed));
    }

    /** What is right on this seed. */
    Object expected(Exercise<T> exercise, Case<T> situation, long seed) {
        Supplier<Result> run = () -> new Result(situation.expected(exercise.reference(), seed), null);
        Object value = get(new Key(exercise, situation, seed), run).value();
        if (value == null) {
            throw new IllegalStateException("a case never expects null");
        }
        return value;
    }

    private Result run(Mistake<T> mistake, Case<T> situation, long seed) {
        try {
            return new Result(situation.run(mistake.answer().get(), seed), null);
        } catch (RuntimeException | StackOverflowError e) {
            return new Result(null, e);
        }
    }

    private Result get(Key key, Supplier<Result> run) {
        SoftReference<Result> kept = known.get(key);
        Result result = kept == null ? null : kept.get();
        if (result == null) {
            result = run.get();
            if (isFinal(result)) {
                known.put(key, new SoftReference<>(result));
            }
        }
        return result;
    }

    /** A run that was interrupted, or that took too long this time, may end in another way the next time. */
    private static boolean isFinal(Result result) {
        return !Thread.currentThread().isInterrupted()
                && !(result.thrown() instanceof KernelFault fault && fault.isOfTime());
    }
}
