package tinyllm.lab.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An exercise of a chapter: the interface to implement, the cases that an answer must survive, the mistakes that learners
 * make, and hints from vague to plain. Built with {@link #of}; found through {@code Exercises}.
 *
 * @param <T> the interface that the library's class and the learner's class both implement
 */
public final class Exercise<T> {

    private final String id;
    private final String title;
    private final Class<T> contract;
    private final Supplier<? extends T> reference;
    private final List<String> hints;
    private final List<Case<T>> cases;
    private final List<Mistake<T>> mistakes;
    private final Set<String> own;
    private final Duration deadline;
    private final KnownResults<T> known = new KnownResults<>();

    private Exercise(Builder<T> b) {
        id = b.id;
        title = Objects.requireNonNull(b.title, () -> "exercise \"" + b.id + "\" needs a title");
        contract = b.contract;
        reference = Objects.requireNonNull(b.reference, () -> "exercise \"" + b.id + "\" needs a reference");
        hints = List.copyOf(b.hints);
        cases = List.copyOf(b.cases);
        mistakes = List.copyOf(b.mistakes);
        own = b.own.isEmpty() ? Set.of(id) : Set.copyOf(b.own);
        deadline = b.deadline;
        if (cases.isEmpty() || hints.isEmpty()) {
            throw new IllegalArgumentException("exercise \"" + id + "\" needs at least one case and one hint");
        }
    }

    /**
     * Starts an exercise.
     *
     * @param id chapter and a short name: "1.1 attention"
     * @param contract the interface that answers implement
     */
    public static <T> Builder<T> of(String id, Class<T> contract) {
        return new Builder<>(id, contract);
    }

    public String id() {
        return id;
    }

    /** The part of the id before the blank: "1.1". */
    public String chapter() {
        int blank = id.indexOf(' ');
        return blank < 0 ? id : id.substring(0, blank);
    }

    public String title() {
        return title;
    }

    public Class<T> contract() {
        return contract;
    }

    public Supplier<? extends T> reference() {
        return reference;
    }

    public List<String> hints() {
        return hints;
    }

    public List<Case<T>> cases() {
        return cases;
    }

    public List<Mistake<T>> mistakes() {
        return mistakes;
    }

    /** The notes of {@code ReferenceUse} that make an answer the library's own rather than the learner's. */
    public Set<String> own() {
        return own;
    }

    /** How long a whole check may take. */
    public Duration deadline() {
        return deadline;
    }

    /** What checks of this exercise have computed before. */
    KnownResults<T> known() {
        return known;
    }

    @Override
    public String toString() {
        return id;
    }

    /** Collects an exercise's parts. */
    public static final class Builder<T> {
        private final String id;
        private final Class<T> contract;
        private @Nullable String title;
        private @Nullable Supplier<? extends T> reference;
        private final List<String> hints = new ArrayList<>();
        private final List<Case<T>> cases = new ArrayList<>();
        private final List<Mistake<T>> mistakes = new ArrayList<>();
        private final List<String> own = new ArrayList<>();
        private Duration deadline = Duration.ofSeconds(20);

        private Builder(String id, Class<T> contract) {
            this.id = Objects.requireNonNull(id, "id");
            this.contract = Objects.requireNonNull(contract, "contract");
        }

        /** One line: what is to be written. */
        public Builder<T> title(String title) {
            this.title = title;
            return this;
        }

        /** The library's own answer; it also gives the expected values of cases without an oracle. */
        public Builder<T> reference(Supplier<? extends T> reference) {
            this.reference = reference;
            return this;
        }

        /** The next hint; begin vague, end plain. */
        public Builder<T> hint(String hint) {
            hints.add(hint);
            return this;
        }

        /** One more situation in which every answer is tried. */
        public Builder<T> check(Case<T> situation) {
            cases.add(situation);
            return this;
        }

        /** One more wrong answer that learners write; see {@link Mistake} for the message's placeholders. */
        public Builder<T> mistake(String name, String message, Supplier<? extends T> answer) {
            mistakes.add(new Mistake<>(name, message, answer));
            return this;
        }

        /** Library operations that may not be called instead of written; without this call the exercise's own id. */
        public Builder<T> own(String... notes) {
            own.addAll(List.of(notes));
            return this;
        }

        /** How long a whole check may take; 20 s unless said. */
        public Builder<T> deadline(Duration deadline) {
            this.deadline = deadline;
            return this;
        }

        public Exercise<T> build() {
            return new Exercise<>(this);
        }
    }
}
