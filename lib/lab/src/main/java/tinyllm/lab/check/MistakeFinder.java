package tinyllm.lab.check;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;

/**
 * Recognises a wrong answer: the known mistake whose results are the learner's in the failing runs, and best overall. One that
 * explains less than half of them is not named: a degenerate case has the same result for many mistakes.
 */
final class MistakeFinder {

    private MistakeFinder() {}

    static <T> @Nullable Mistake<T> find(List<Mistake<T>> mistakes, List<Trial<T>> trials) {
        long failed = trials.stream().filter(Trial::failed).count();
        if (failed == 0) {
            return null;
        }
        Mistake<T> best = null;
        long bestScore = 0;
        for (Mistake<T> mistake : mistakes) {
            long score = score(mistake, trials, failed);
            if (score > bestScore) {
                best = mistake;
                bestScore = score;
            }
        }
        return best;
    }

    /**
     * Failing runs that the mistake explains count most, all runs that it agrees with decide between equals. A kernel's fault of the
     * same kind at another place explains too, but less.
     */
    private static <T> long score(Mistake<T> mistake, List<Trial<T>> trials, long failed) {
        long explained = 0;
        long kind = 0;
        long agreeing = 0;
        for (Trial<T> trial : trials) {
            if (Thread.currentThread().isInterrupted()) {
                return 0;
            }
            Alike alike = alike(mistake, trial);
            boolean same = alike == Alike.SAME;
            explained += same && trial.failed() ? 1 : 0;
            kind += alike == Alike.KIND ? 1 : 0;
            agreeing += same ? 1 : 0;
        }
        return 2 * (explained + kind) < failed ? 0 : explained * 10_000 + kind * 100 + agreeing;
    }

    /** Whether the mistake, on its own, gives what this run gave. */
    static <T> boolean explains(Mistake<T> mistake, Trial<T> trial) {
        return ReferenceUse.unrecorded(() -> alike(mistake, trial)) != Alike.NO;
    }

    private enum Alike {
        SAME,
        KIND,
        NO
    }

    private static <T> Alike alike(Mistake<T> mistake, Trial<T> trial) {
        Case<T> situation = trial.situation();
        Object wrong;
        try {
            wrong = situation.run(mistake.answer().get(), trial.seed());
        } catch (RuntimeException | StackOverflowError e) {
            Throwable thrown = trial.thrown();
            if (e instanceof KernelFault known && thrown instanceof KernelFault fault) {
                return known.sameAs(fault) ? Alike.SAME : known.like(fault) ? Alike.KIND : Alike.NO;
            }
            boolean same = thrown != null
                    && thrown.getClass() == e.getClass()
                    && words(thrown).equals(words(e));
            return same ? Alike.SAME : Alike.NO;
        }
        Object actual = trial.actual();
        if (trial.thrown() != null) {
            return Alike.NO;
        }
        boolean same = wrong == null || actual == null
                ? wrong == null && actual == null
                : Values.compare(wrong, actual, situation.rtol(), situation.atol())
                        .ok();
        return same ? Alike.SAME : Alike.NO;
    }

    /** The message; of a null without the variable's name, which a notebook's cell does not keep. */
    private static String words(Throwable thrown) {
        String message = Objects.requireNonNullElse(thrown.getMessage(), "");
        return thrown instanceof NullPointerException ? message.replaceFirst(" because .*", "") : message;
    }
}
