package tinyllm.lab.check;

import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One situation in which an answer is tried: how its inputs come from a seed, and how an answer is run on them.
 *
 * <p>Inputs are made anew for every run, so that an answer which changes an array in place harms nobody. A result is a
 * {@code Tensor}, a string, a number, an array of ints or floats, or a list or map of these.
 *
 * @param <T> the exercise's interface
 */
public final class Case<T> {

    /** Negative tolerances ask for the dtype's own. */
    static final double BY_DTYPE = -1;

    private final String name;
    private final BiFunction<T, Long, Object> run;
    private final @Nullable LongFunction<Object> oracle;
    private final double rtol;
    private final double atol;

    private Case(
            String name,
            BiFunction<T, Long, Object> run,
            @Nullable LongFunction<Object> oracle,
            double rtol,
            double atol) {
        this.name = Objects.requireNonNull(name, "name");
        this.run = run;
        this.oracle = oracle;
        this.rtol = rtol;
        this.atol = atol;
    }

    /**
     * A case whose expected result is the library's own answer, run the same way.
     *
     * @param name what is special here, for the check's table: "fewer queries than keys"
     * @param inputs seed to inputs; called for each run
     * @param run the answer on the inputs
     */
    public static <T, I> Case<T> of(String name, LongFunction<I> inputs, BiFunction<T, I, ?> run) {
        return new Case<>(name, (answer, seed) -> run.apply(answer, inputs.apply(seed)), null, BY_DTYPE, BY_DTYPE);
    }

    /** A case whose expected result comes from a plain-Java oracle. */
    public static <T, I> Case<T> of(
            String name, LongFunction<I> inputs, BiFunction<T, I, ?> run, Function<I, ?> oracle) {
        return new Case<>(
                name,
                (answer, seed) -> run.apply(answer, inputs.apply(seed)),
                seed -> oracle.apply(inputs.apply(seed)),
                BY_DTYPE,
                BY_DTYPE);
    }

    /**
     * A case whose inputs make no sense: every answer has to refuse them.
     *
     * @param exception what the answer has to throw
     */
    public static <T, I> Case<T> refused(
            String name, LongFunction<I> inputs, BiFunction<T, I, ?> run, Class<? extends RuntimeException> exception) {
        return new Case<>(
                name,
                (answer, seed) -> {
                    I in = inputs.apply(seed);
                    try {
                        return Values.force(run.apply(answer, in));
                    } catch (RuntimeException e) {
                        if (exception.isInstance(e) && !(e instanceof TodoException)) {
                            return new Refusal(exception);
                        }
                        throw e;
                    }
                },
                null,
                BY_DTYPE,
                BY_DTYPE);
    }

    /** The same case with its own tolerance: {@code |actual - expected| <= atol + rtol * |expected|}. */
    public Case<T> within(double rtol, double atol) {
        if (!(rtol >= 0) || !(atol >= 0)) {
            throw new IllegalArgumentException("tolerances are 0 or more, not rtol " + rtol + ", atol " + atol);
        }
        return new Case<>(name, run, oracle, rtol, atol);
    }

    public String name() {
        return name;
    }

    double rtol() {
        return rtol;
    }

    double atol() {
        return atol;
    }

    /** What the answer gives for this seed; lazy tensors are computed before this returns. */
    @Nullable
    Object run(T answer, long seed) {
        return Values.force(run.apply(answer, seed));
    }

    Object expected(Supplier<? extends T> reference, long seed) {
        Object value = oracle != null ? Values.force(oracle.apply(seed)) : run(reference.get(), seed);
        return Objects.requireNonNull(value, () -> "the reference returned null in the case \"" + name + "\"");
    }

    /** The seed that the case always uses. */
    long shownSeed() {
        return 1L + (name.hashCode() & 0xffff);
    }

    /** A second seed, so that an answer made for one set of numbers fails. */
    long hiddenSeed() {
        return 0x5EED_0000L + (name.hashCode() & 0xffff) * 31L;
    }
}
