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

    static <T> @Nullable Mistake<T> find(Exercise<T> exercise, List<Trial<T>> trials) {
        long failed = trials.stream().filter(Trial::failed).count();
        if (failed == 0) {
            return null;
        }
        Mistake<T> best = null;
        long bestScore = 0;
        for (Mistake<T> mistake : exercise.mistakes()) {
            long score = score(exercise.known(), mistake, trials, failed);
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
    private static <T> long score(KnownResults<T> known, Mistake<T> mistake, List<Trial<T>> trials, long failed) {
        long explained = 0;
        long kind = 0;
        long agreeing = 0;
        for (Trial<T> trial : trials) {
            if (Thread.currentThread().isInterrupted()) {
                return 0;
            }
            Alike alike = alike(known.of(mistake, trial.situation(), trial.seed()), trial);
            boolean same = alike == Alike.SAME;
            explained += same && trial.failed() ? 1 : 0;
            kind += alike == Alike.KIND ? 1 : 0;
            agreeing += same ? 1 : 0;
        }
        return 2 * (explained + kind) < failed ? 0 : explained * 10_000 + kind * 100 + agreeing;
    }

    /** Whether the mistake, on its own, gives what this run gave. */
    static <T> boolean explains(KnownResults<T> known, Mistake<T> mistake, Trial<T> trial) {
        return ReferenceUse.unrecorded(() -> alike(known.of(mistake, trial.situation(), trial.seed()), trial))
                != Alike.NO;
    }

    private enum Alike {
        SAME,
        KIND,
        NO
    }

    private static <T> Alike alike(KnownResults.Result known, Trial<T> trial) {
        Throwable thrown = trial.thrown();
        Throwable wrong = known.thrown();
        if (wrong instanceof KernelFault expected && thrown instanceof KernelFault fault) {
            return expected.sameAs(fault) ? Alike.SAME : expected.like(fault) ? Alike.KIND : Alike.NO;
        }
        if (wrong != null || thrown != null) {
            boolean same = wrong != null
                    && thrown != null
                    && thrown.getClass() == wrong.getClass()
                    && (words(thrown).equals(words(wrong)) || isBare(thrown) || isBare(wrong));
            return same ? Alike.SAME : Alike.NO;
        }
        return same(known.value(), trial) ? Alike.SAME : Alike.NO;
    }

    private static <T> boolean same(@Nullable Object wrong, Trial<T> trial) {
        Object actual = trial.actual();
        Case<T> situation = trial.situation();
        return wrong == null || actual == null
                ? wrong == null && actual == null
                : Values.compare(wrong, actual, situation.rtol(), situation.atol())
                        .ok();
    }

    /** The JVM leaves out the words and the place of an exception of its own that it has thrown often. */
    private static boolean isBare(Throwable thrown) {
        return thrown.getMessage() == null && thrown.getStackTrace().length == 0;
    }

    /** The message; of a null without the variable's name, which a notebook's cell does not keep. */
    private static String words(Throwable thrown) {
        String message = Objects.requireNonNullElse(thrown.getMessage(), "");
        return thrown instanceof NullPointerException ? message.replaceFirst(" because .*", "") : message;
    }
}
