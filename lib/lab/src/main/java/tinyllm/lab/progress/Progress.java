package tinyllm.lab.progress;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * What a learner has done so far: a value, read and written by {@link ProgressFile}.
 *
 * @param exercises by id
 * @param predictions by the name under which they were made
 * @param bests the learner's best in each challenge, by the challenge's id, sizes and unit
 */
public record Progress(Map<String, Entry> exercises, Map<String, Prediction> predictions, Map<String, Best> bests) {

    /** How far an exercise is. */
    public enum State {
        UNTRIED,
        TRIED,
        LIBRARY,
        SOLVED
    }

    /**
     * One exercise.
     *
     * @param attempts checks that ran an answer; stubs don't count
     * @param hints hints shown so far
     * @param solutionShown whether the solution was looked at before it was solved
     * @param firstTriedAt milliseconds since 1970, 0 for never
     * @param solvedAt the same
     */
    public record Entry(State state, int attempts, int hints, boolean solutionShown, long firstTriedAt, long solvedAt) {

        public static final Entry NONE = new Entry(State.UNTRIED, 0, 0, false, 0, 0);

        public Entry {
            if (attempts < 0 || hints < 0 || firstTriedAt < 0 || solvedAt < 0) {
                throw new IllegalArgumentException("attempts " + attempts + ", hints " + hints + " and the times "
                        + firstTriedAt + " and " + solvedAt + " are 0 or more");
            }
        }

        /** After a check at this time. A solved exercise stays solved. */
        public Entry checked(State result, long now) {
            State best = state == State.SOLVED ? state : result;
            return new Entry(
                    best,
                    attempts + 1,
                    hints,
                    solutionShown,
                    firstTriedAt == 0 ? now : firstTriedAt,
                    solvedAt == 0 && result == State.SOLVED ? now : solvedAt);
        }

        public Entry hinted(int shown) {
            return new Entry(state, attempts, Math.max(hints, shown), solutionShown, firstTriedAt, solvedAt);
        }

        public Entry peeked() {
            return state == State.SOLVED ? this : new Entry(state, attempts, hints, true, firstTriedAt, solvedAt);
        }
    }

    /** A guess made before a measurement. */
    public record Prediction(double guess, String unit) {
        public Prediction {
            if (!Double.isFinite(guess)) {
                throw new IllegalArgumentException("a guess is a finite number, not " + guess);
            }
        }
    }

    /**
     * The best that the learner's own kernel reached in a challenge; less is better.
     *
     * @param at milliseconds since 1970
     */
    public record Best(double value, long at) {
        public Best {
            if (!(value > 0 && Double.isFinite(value)) || at < 0) {
                throw new IllegalArgumentException("a best is above 0 and its time not negative: " + value + ", " + at);
            }
        }
    }

    public static final Progress EMPTY = new Progress(Map.of(), Map.of());

    public Progress {
        exercises = Collections.unmodifiableMap(new TreeMap<>(exercises));
        predictions = Collections.unmodifiableMap(new TreeMap<>(predictions));
        bests = Collections.unmodifiableMap(new TreeMap<>(bests));
    }

    /** Without challenges. */
    public Progress(Map<String, Entry> exercises, Map<String, Prediction> predictions) {
        this(exercises, predictions, Map.of());
    }

    /** The entry of an exercise; {@link Entry#NONE} when it was never tried. */
    public Entry entry(String id) {
        return exercises.getOrDefault(id, Entry.NONE);
    }

    public Progress with(String id, UnaryOperator<Entry> change) {
        Map<String, Entry> changed = new TreeMap<>(exercises);
        changed.put(id, change.apply(entry(id)));
        return new Progress(changed, predictions, bests);
    }

    public Progress predict(String name, Prediction prediction) {
        Map<String, Prediction> changed = new TreeMap<>(predictions);
        changed.put(name, prediction);
        return new Progress(exercises, changed, bests);
    }

    /** After a challenge: the smaller one is kept. */
    public Progress challenged(String key, Best result) {
        Map<String, Best> changed = new TreeMap<>(bests);
        changed.merge(key, result, (a, b) -> b.value() < a.value() ? b : a);
        return new Progress(exercises, predictions, changed);
    }
}
