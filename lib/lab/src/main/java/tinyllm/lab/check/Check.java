package tinyllm.lab.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.CheckResult.Row;
import tinyllm.lab.check.CheckResult.Wrong;

/**
 * Runs an answer through an exercise's cases on a thread of its own, with a deadline, and says what came of it.
 * Whatever the answer does (throw, loop, print, return null), this returns a result.
 */
public final class Check<T> {

    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Exercise<T> exercise;
    private final Duration deadline;

    public Check(Exercise<T> exercise) {
        this(exercise, exercise.deadline());
    }

    /** With another deadline than the exercise's own. */
    public Check(Exercise<T> exercise, Duration deadline) {
        this.exercise = exercise;
        this.deadline = deadline;
    }

    /**
     * Checks an answer. An interrupt of the calling thread stops the check; the flag stays set.
     *
     * @param answer makes the learner's object; called once, on the check's thread
     */
    public CheckResult run(Supplier<?> answer) {
        long start = System.nanoTime();
        CheckJob<T> job = new CheckJob<>(exercise, answer, exercise.cases());
        try (QuietOutput output = new QuietOutput()) {
            Thread thread =
                    Thread.ofPlatform().daemon().name("check " + exercise.id()).unstarted(job);
            output.watch(thread);
            thread.start();
            Outcome cut = await(thread, output);
            return result(job, thread, cut, output.text(), (System.nanoTime() - start) / 1e9);
        }
    }

    /**
     * Checks an answer in one case, on the calling thread and without a deadline: a debugger may stop in it.
     *
     * @param situation a case's place in the exercise's list
     */
    public CheckResult debug(Supplier<?> answer, int situation) {
        long start = System.nanoTime();
        CheckJob<T> job =
                new CheckJob<>(exercise, answer, List.of(exercise.cases().get(situation)));
        job.run();
        return result(job, Thread.currentThread(), null, "", (System.nanoTime() - start) / 1e9);
    }

    /** Null when the thread came to its end by itself. */
    private @Nullable Outcome await(Thread thread, QuietOutput output) {
        try {
            if (thread.join(deadline)) {
                return null;
            }
            stop(thread, output);
            return Outcome.TIMED_OUT;
        } catch (InterruptedException e) {
            try {
                stop(thread, output);
            } catch (InterruptedException again) {
                // The flag is set below; a second interrupt only shortens the grace.
            }
            Thread.currentThread().interrupt();
            return Outcome.STOPPED;
        }
    }

    private static void stop(Thread thread, QuietOutput output) throws InterruptedException {
        output.forbid();
        thread.interrupt();
        thread.join(GRACE);
    }

    private CheckResult result(CheckJob<T> job, Thread thread, @Nullable Outcome cut, String printed, double seconds) {
        if (cut != null) {
            String message = cutMessage(cut, thread.isAlive());
            List<Row> rows = new ArrayList<>(job.rows());
            job.running().ifPresent(name -> rows.add(new Row(name, "", "", Double.NaN, cut, message)));
            return make(cut, rows, message, null, printed, seconds, null, job.answer());
        }
        if (job.problem() != null) {
            String problem = Objects.requireNonNull(job.problem());
            return make(Outcome.UNCHECKABLE, List.of(), problem, null, printed, seconds, null, job.answer());
        }
        Outcome outcome = worst(job.rows());
        Mistake<T> mistake = job.mistake();
        String message = mistake != null ? job.mistakeMessage() : firstMessage(job.rows(), outcome);
        String named = mistake == null ? null : mistake.name();
        return make(outcome, job.rows(), message, named, printed, seconds, job.wrong(), job.answer());
    }

    private CheckResult make(
            Outcome outcome,
            List<Row> rows,
            String message,
            @Nullable String mistake,
            String printed,
            double seconds,
            @Nullable Wrong wrong,
            @Nullable String answer) {
        return new CheckResult(
                exercise.id(),
                exercise.title(),
                outcome,
                List.copyOf(rows),
                message,
                mistake,
                printed,
                seconds,
                wrong,
                answer);
    }

    private String cutMessage(Outcome cut, boolean alive) {
        String what = cut == Outcome.STOPPED
                ? "The check was interrupted."
                : "The answer did not finish within " + deadline.toMillis() / 1000.0
                        + " s; is there a loop that never ends?";
        return alive
                ? what
                        + " Its thread can't be stopped and still uses a core: restart the kernel (menu Kernel, Restart) to"
                        + " end it. Your progress is kept."
                : what + " It was stopped.";
    }

    /** The worst of the rows decides; the order of the outcomes from worst to best is this. */
    private static Outcome worst(List<Row> rows) {
        for (Outcome bad : List.of(Outcome.CRASHED, Outcome.INCORRECT, Outcome.NOT_ATTEMPTED, Outcome.LIBRARY)) {
            if (rows.stream().anyMatch(row -> row.outcome() == bad)) {
                return bad;
            }
        }
        return Outcome.CORRECT;
    }

    private static String firstMessage(List<Row> rows, Outcome outcome) {
        return rows.stream()
                .filter(row -> row.outcome() == outcome && !row.message().isEmpty())
                .findFirst()
                .map(row -> outcome == Outcome.INCORRECT || outcome == Outcome.CRASHED
                        ? "Case \"" + row.name() + "\": " + row.message()
                        : row.message())
                .orElse("");
    }
}
