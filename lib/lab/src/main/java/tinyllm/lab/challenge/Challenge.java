package tinyllm.lab.challenge;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.CppKernel;
import tinyllm.kernel.Launch;
import tinyllm.tensor.Tensor;

/**
 * One kernel's contest: inputs, what is right, and the ways to compute it. Built with {@link #timed} (Java and C++, by median time) or
 * {@link #counted} (Metal: counts on the host, time on a GPU); found through {@code Challenges}.
 *
 * @param <T> the exercise's interface, which a learner's object implements
 * @param <I> the inputs
 */
public final class Challenge<T, I> {

    /** A way that runs on the CPU. What it prepares (packing, copies to arrays) is not timed; the result is a Tensor or a float[]. */
    @FunctionalInterface
    public interface Timed<I> {
        Supplier<?> prepare(I inputs);
    }

    /** A learner's object, prepared the same way. */
    @FunctionalInterface
    public interface TimedAnswer<T, I> {
        Supplier<?> prepare(T answer, I inputs);
    }

    /** A way that launches Metal kernels, each through the launcher; gives the result. */
    @FunctionalInterface
    public interface Launched<I> {
        Tensor run(Launcher gpu, I inputs);
    }

    /** A learner's answer that launches Metal kernels. */
    @FunctionalInterface
    public interface LaunchedAnswer<T, I> {
        Tensor run(T answer, Launcher gpu, I inputs);
    }

    /**
     * What a learner's C++ function is called with ({@link CppKernel#run}); the first output is the result.
     *
     * @param function its name, where the answer is a source and not yet a {@link CppKernel}
     */
    public record CppCall(String function, List<Launch.Output> outputs, int[] sizes, List<Tensor> inputs) {
        public CppCall {
            outputs = List.copyOf(outputs);
            inputs = List.copyOf(inputs);
            sizes = sizes.clone();
        }
    }

    /** A named way; exactly one of the two forms, or a sentence why it does not run here. */
    record Way<I>(
            String name, @Nullable Timed<I> timed, @Nullable Launched<I> launched, String absent) {}

    private final Builder<T, I> b;

    private Challenge(Builder<T, I> b) {
        this.b = b;
    }

    /**
     * A contest by time.
     *
     * @param id chapter and a short name: "2.2 matvec"
     * @param contract what a learner's Java object implements
     * @param inputs from a seed; called for each way anew, so that nobody's changes harm another
     */
    public static <T, I> Builder<T, I> timed(String id, Class<T> contract, LongFunction<I> inputs) {
        return new Builder<>(id, contract, inputs, true);
    }

    /** A contest of Metal kernels: counts where there is no GPU. */
    public static <T, I> Builder<T, I> counted(String id, Class<T> contract, LongFunction<I> inputs) {
        return new Builder<>(id, contract, inputs, false);
    }

    public String id() {
        return b.id;
    }

    public String title() {
        return Objects.requireNonNull(b.title);
    }

    /** The sizes, in words: results of other sizes are no rivals. */
    public String size() {
        return b.size.get();
    }

    public Class<T> contract() {
        return b.contract;
    }

    boolean isTimed() {
        return b.timed;
    }

    I inputs() {
        return b.inputs.apply(1);
    }

    Tensor truth(I inputs) {
        return Objects.requireNonNull(b.truth).apply(inputs);
    }

    double rtol() {
        return b.rtol;
    }

    double atol() {
        return b.atol;
    }

    @Nullable
    ToLongFunction<I> bytes() {
        return b.bytes;
    }

    List<Way<I>> before() {
        return b.before;
    }

    List<Way<I>> after() {
        return b.after;
    }

    @Nullable
    TimedAnswer<T, I> timedAnswer() {
        return b.timedAnswer;
    }

    @Nullable
    LaunchedAnswer<T, I> launchedAnswer() {
        return b.launchedAnswer;
    }

    @Nullable
    Function<I, CppCall> cpp() {
        return b.cpp;
    }

    /** Puts a challenge together. */
    public static final class Builder<T, I> {

        private final String id;
        private final Class<T> contract;
        private final LongFunction<I> inputs;
        private final boolean timed;
        private final List<Way<I>> before = new ArrayList<>();
        private final List<Way<I>> after = new ArrayList<>();
        private @Nullable String title;
        private @Nullable Function<I, Tensor> truth;
        private @Nullable ToLongFunction<I> bytes;
        private @Nullable TimedAnswer<T, I> timedAnswer;
        private @Nullable LaunchedAnswer<T, I> launchedAnswer;
        private @Nullable Function<I, CppCall> cpp;
        private Supplier<String> size = () -> "";
        private double rtol = 1e-3;
        private double atol = 1e-3;

        private Builder(String id, Class<T> contract, LongFunction<I> inputs, boolean timed) {
            this.id = id;
            this.contract = contract;
            this.inputs = inputs;
            this.timed = timed;
        }

        /** One line that says what is computed. */
        public Builder<T, I> title(String text) {
            title = text;
            return this;
        }

        /** The sizes in words, such as {@code "x [1, 896], w [4864, 896], 4 bits"}; asked anew, since quick mode may be smaller. */
        public Builder<T, I> size(Supplier<String> words) {
            size = words;
            return this;
        }

        /** The right result, from plain array operations; every way has to agree within the tolerances. */
        public Builder<T, I> truth(Function<I, Tensor> result, double relative, double absolute) {
            truth = result;
            rtol = relative;
            atol = absolute;
            return this;
        }

        /** The fewest bytes that any way has to read and write: gives GB/s, or the floor that counts stand against. */
        public Builder<T, I> bytes(ToLongFunction<I> fewest) {
            bytes = fewest;
            return this;
        }

        /** The plainest way there is; what is said of others is said against it. */
        public Builder<T, I> naive(Timed<I> way) {
            return naive("naive", way);
        }

        public Builder<T, I> naive(String name, Timed<I> way) {
            before.add(new Way<>(name, way, null, ""));
            return this;
        }

        public Builder<T, I> naive(Launched<I> way) {
            before.add(new Way<>("naive", null, way, ""));
            return this;
        }

        /** One more way, below the learner's: {@code "ours"}, {@code "MLX"}. */
        public Builder<T, I> way(String name, Timed<I> way) {
            after.add(new Way<>(name, way, null, ""));
            return this;
        }

        public Builder<T, I> way(String name, Launched<I> way) {
            after.add(new Way<>(name, null, way, ""));
            return this;
        }

        /** A way that runs on a GPU alone, such as MLX's own kernel; on the host its row says so. */
        public Builder<T, I> onGpu(String name, Timed<I> way, String absent) {
            after.add(new Way<>(name, way, null, absent));
            return this;
        }

        /** How a learner's object runs. */
        public Builder<T, I> yours(TimedAnswer<T, I> way) {
            timedAnswer = way;
            return this;
        }

        public Builder<T, I> yours(LaunchedAnswer<T, I> way) {
            launchedAnswer = way;
            return this;
        }

        /** How a learner's C++ function is called. */
        public Builder<T, I> cpp(Function<I, CppCall> call) {
            cpp = call;
            return this;
        }

        public Challenge<T, I> build() {
            Objects.requireNonNull(title, "a challenge needs a title");
            Objects.requireNonNull(truth, "a challenge needs a truth: what is wrong gets no place");
            if (before.isEmpty() || after.isEmpty()) {
                throw new IllegalArgumentException("challenge \"" + id + "\" needs a naive way and one of ours");
            }
            if (timed ? timedAnswer == null : launchedAnswer == null) {
                throw new IllegalArgumentException("challenge \"" + id + "\" does not say how a learner's answer runs");
            }
            return new Challenge<>(this);
        }
    }
}
