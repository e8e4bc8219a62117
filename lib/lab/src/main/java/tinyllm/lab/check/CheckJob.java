package tinyllm.lab.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;
import tinyllm.lab.check.CheckResult.Row;
import tinyllm.lab.check.CheckResult.Wrong;
import tinyllm.tensor.Tensor;

/** The part of a check that runs on its own thread: makes the answer, runs the cases, then looks for a known mistake. */
final class CheckJob<T> implements Runnable {

    private final Exercise<T> exercise;
    private final Supplier<?> supplier;
    private final List<Case<T>> cases;
    private final List<Row> rows = new ArrayList<>();
    private final List<Trial<T>> trials = new ArrayList<>();
    private volatile @Nullable String running;
    private volatile @Nullable String problem;
    private volatile @Nullable Mistake<T> mistake;
    private volatile @Nullable String answer;
    private @Nullable InputGuard guard;

    CheckJob(Exercise<T> exercise, Supplier<?> supplier, List<Case<T>> cases) {
        this.exercise = exercise;
        this.supplier = supplier;
        this.cases = cases;
    }

    @Override
    public void run() {
        try {
            T answer = construct();
            if (answer == null) {
                return;
            }
            for (Case<T> situation : cases) {
                running = situation.name();
                if (Thread.interrupted() || !runCase(answer, situation)) {
                    return;
                }
            }
            running = null;
            mistake = MistakeFinder.find(exercise, trials);
        } catch (Throwable t) {
            // The learner's code is guarded where it is called, so this is a defect of the exercise itself.
            problem = "The check itself failed, which is a defect of this exercise and not of your answer: " + t;
        }
    }

    private @Nullable T construct() {
        Object made;
        try {
            made = supplier.get();
        } catch (TodoException e) {
            add(new Row("construction", "", "", Double.NaN, Outcome.NOT_ATTEMPTED, message(e)));
            return null;
        } catch (Throwable t) {
            problem = "Your class can't be constructed, so there is nothing to check: " + Thrown.describe(t);
            return null;
        }
        if (made == null) {
            problem = "The supplier gave null instead of an object: pass YourClass::new to check.";
            return null;
        }
        Class<?> type = made.getClass();
        answer = type.isHidden() || type.isAnonymousClass() ? null : type.getSimpleName();
        if (!exercise.contract().isInstance(made)) {
            problem = made.getClass().getSimpleName() + " does not implement "
                    + exercise.contract().getSimpleName()
                    + ", the interface of \"" + exercise.id() + "\": write class "
                    + made.getClass().getSimpleName()
                    + " implements " + exercise.contract().getSimpleName() + " { … }";
            return null;
        }
        InputGuard before = InputGuard.before(made);
        guard = before;
        return before.as(exercise.contract());
    }

    /** Runs the shown seed, the hidden one, and the shown one again; false when the check should end here. */
    private boolean runCase(T answer, Case<T> situation) {
        Trial<T> first = run(answer, situation, situation.shownSeed());
        Trial<T> second = first.ok() ? run(answer, situation, situation.hiddenSeed()) : null;
        Trial<T> again = second != null && second.ok() ? run(answer, situation, situation.shownSeed()) : null;
        Trial<T> decisive = again != null ? again : second != null ? second : first;
        String message = decisive.message();
        if (!decisive.ok() && second != null) {
            message = staleness(first, second, again) + message;
        }
        add(decisive.row(message));
        return decisive.outcome() != Outcome.NOT_ATTEMPTED;
    }

    private String staleness(Trial<T> first, Trial<T> second, @Nullable Trial<T> again) {
        if (again != null) {
            return "The same call gave another result the second time: the object keeps something from one call to the next. ";
        }
        boolean stale = first.actual() != null
                && Values.compare(first.actual(), second.actual(), -1, -1).ok();
        return stale
                ? "The result of an earlier call came back: the object keeps something from one call to the next. "
                : "";
    }

    private Trial<T> run(T answer, Case<T> situation, long seed) {
        Object expected = exercise.known().expected(exercise, situation, seed);
        Object actual = null;
        Throwable thrown = null;
        Set<String> used = Set.of();
        try {
            ReferenceUse.Recorded<Optional<Object>> recorded =
                    ReferenceUse.record(() -> Optional.ofNullable(situation.run(answer, seed)));
            actual = recorded.value().orElse(null);
            used = recorded.used();
        } catch (Throwable t) {
            thrown = t;
        }
        String changed = Objects.requireNonNull(guard).changed().orElse(null);
        boolean own = used.stream().anyMatch(exercise.own()::contains);
        Difference difference = Values.compare(expected, actual, situation.rtol(), situation.atol());
        Trial<T> trial = new Trial<>(situation, seed, expected, actual, thrown, changed, own, difference);
        trials.add(trial);
        return trial;
    }

    private synchronized void add(Row row) {
        rows.add(row);
    }

    synchronized List<Row> rows() {
        return List.copyOf(rows);
    }

    /** The case that was being run, if any. */
    Optional<String> running() {
        return Optional.ofNullable(running);
    }

    /** Why nothing could be checked; null when it could. */
    @Nullable
    String problem() {
        return problem;
    }

    /** The name of the learner's class, when it has one. */
    @Nullable
    String answer() {
        return answer;
    }

    @Nullable
    Mistake<T> mistake() {
        return mistake;
    }

    /** The named mistake's message, filled with the first wrong entry that is known. */
    String mistakeMessage() {
        Mistake<T> found = Objects.requireNonNull(mistake);
        Optional<Throwable> fault = trials.stream()
                .map(Trial::thrown)
                .filter(KernelFault.class::isInstance)
                .findFirst();
        // Of a kernel the mistake says why, and the detector where.
        String message = fault.isPresent()
                ? found.message() + "\nThe run: " + fault.get().getMessage()
                : filled(found);
        return trials.stream()
                .filter(t -> t.failed() && !MistakeFinder.explains(exercise.known(), found, t))
                .findFirst()
                .map(t -> message + "\nThis does not explain the case \""
                        + t.situation().name() + "\": there may be something else, too.")
                .orElse(message);
    }

    private String filled(Mistake<T> found) {
        return trials.stream()
                .filter(Trial::failed)
                .max(Comparator.comparing((Trial<T> t) -> t.difference().index() != null))
                .map(t -> t.difference().fill(found.message()))
                .orElse(found.message());
    }

    /** The first result with wrong numbers, a matrix if there is one: that can be drawn. */
    @Nullable
    Wrong wrong() {
        List<Trial<T>> wrong = trials.stream()
                .filter(t -> t.outcome() == Outcome.INCORRECT && !t.difference().ok() && t.actual() != null)
                .toList();
        return wrong.stream()
                .filter(t -> t.expected() instanceof Tensor expected && expected.rank() >= 2)
                .findFirst()
                .or(() -> wrong.stream().findFirst())
                .map(t -> new Wrong(
                        t.situation().name(),
                        t.expected(),
                        Objects.requireNonNull(t.actual()),
                        t.difference().index()))
                .orElse(null);
    }

    private static String message(Throwable t) {
        return Objects.requireNonNullElse(t.getMessage(), t.getClass().getSimpleName());
    }
}
