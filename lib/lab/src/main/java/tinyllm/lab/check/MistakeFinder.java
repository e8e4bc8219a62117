package tinyllm.lab.check;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Recognises a wrong answer: the known mistake whose results are the learner's in the failing runs, and best overall. */
final class MistakeFinder {

    private MistakeFinder() {}

    static <T> @Nullable Mistake<T> find(List<Mistake<T>> mistakes, List<Trial<T>> trials) {
        if (trials.stream().noneMatch(Trial::failed)) {
            return null;
        }
        Mistake<T> best = null;
        long bestScore = 0;
        for (Mistake<T> mistake : mistakes) {
            long score = score(mistake, trials);
            if (score > bestScore) {
                best = mistake;
                bestScore = score;
            }
        }
        return best;
    }

    /** Failing runs that the mistake explains count most, all runs that it agrees with decide between equals. */
    private static <T> long score(Mistake<T> mistake, List<Trial<T>> trials) {
        long explained = 0;
        long agreeing = 0;
        for (Trial<T> trial : trials) {
            if (Thread.currentThread().isInterrupted()) {
                return 0;
            }
            boolean same = sameAs(mistake, trial);
            explained += same && trial.failed() ? 1 : 0;
            agreeing += same ? 1 : 0;
        }
        return explained == 0 ? 0 : explained * 1_000 + agreeing;
    }

    private static <T> boolean sameAs(Mistake<T> mistake, Trial<T> trial) {
        Case<T> situation = trial.situation();
        Object wrong;
        try {
            wrong = situation.run(mistake.answer().get(), trial.seed());
        } catch (RuntimeException | StackOverflowError e) {
            Throwable thrown = trial.thrown();
            return thrown != null
                    && thrown.getClass() == e.getClass()
                    && Objects.equals(thrown.getMessage(), e.getMessage());
        }
        Object actual = trial.actual();
        if (trial.thrown() != null) {
            return false;
        }
        if (wrong == null || actual == null) {
            return wrong == null && actual == null;
        }
        return Values.compare(wrong, actual, situation.rtol(), situation.atol()).ok();
    }
}
