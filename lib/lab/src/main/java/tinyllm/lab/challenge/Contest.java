package tinyllm.lab.challenge;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tinyllm.course.ReferenceUse;
import tinyllm.lab.challenge.ChallengeResult.Row;
import tinyllm.lab.check.Thrown;
import tinyllm.lab.check.TodoException;
import tinyllm.tensor.Device;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;

/**
 * Runs a challenge: first every way once against the truth, each on a thread of its own with a deadline; then those that are right,
 * in turn, round by round.
 */
public final class Contest<T, I> {

    private static final long DEADLINE_MS = 60_000;

    private final Challenge<T, I> challenge;
    private final boolean gpu;
    private final boolean quick;
    private final long deadlineMs;

    public Contest(Challenge<T, I> challenge, boolean quick) {
        this(challenge, quick, DEADLINE_MS);
    }

    Contest(Challenge<T, I> challenge, boolean quick, long deadlineMs) {
        this.challenge = challenge;
        this.gpu = Device.current() != Device.CPU;
        this.quick = quick;
        this.deadlineMs = deadlineMs;
    }

    /**
     * @param answers the learner's, one or several: objects of the challenge's interface, C++ or Metal sources
     * @throws CancellationException when the thread is interrupted
     */
    public ChallengeResult run(List<? extends Supplier<?>> answers) {
        List<Runner> runners = new ArrayList<>();
        Runners<T, I> make = new Runners<>(challenge, gpu);
        challenge.before().forEach(way -> runners.add(make.of(way)));
        answers.forEach(answer -> runners.add(answer(make, answer)));
        challenge.after().forEach(way -> runners.add(make.of(way)));
        Tensor truth = challenge.truth(challenge.inputs()).eval();
        runners.forEach(runner -> prove(runner, truth));
        boolean byTime = challenge.isTimed() || gpu;
        if (byTime) {
            Rounds.run(runners.stream().filter(Runner::fit).toList(), quick);
        }
        List<Row> rows = runners.stream().map(r -> row(r, byTime)).toList();
        long fewest = challenge.bytes() == null
                ? 0
                : Objects.requireNonNull(challenge.bytes()).applyAsLong(challenge.inputs());
        return new ChallengeResult(
                challenge.id(),
                challenge.title(),
                challenge.size(),
                byTime ? "ms" : "transactions",
                fewest,
                rows,
                Double.NaN,
                Double.NaN);
    }

    private Runner answer(Runners<T, I> make, Supplier<?> answer) {
        try {
            return make.ofAnswer(answer.get());
        } catch (TodoException e) {
            return Runner.absent("yours", String.valueOf(e.getMessage()));
        } catch (RuntimeException | LinkageError e) {
            return Runner.absent("yours", "can't be made: " + Thrown.describe(e));
        }
    }

    private static Row row(Runner r, boolean byTime) {
        String name = r.library ? r.name + " (the library's own)" : r.name;
        double value =
                !r.fit() ? Double.NaN : byTime ? r.medianMs() : r.counts().transactions();
        return new Row(name, r.yours && !r.library, value, byTime ? null : r.counts(), r.problem);
    }

    /** Runs the way once; what does not end, throws or differs from the truth gets no place. */
    private void prove(Runner runner, Tensor truth) {
        if (!runner.fit()) {
            return;
        }
        Object[] result = new Object[1];
        Thread thread = Thread.ofPlatform()
                .daemon()
                .name("challenge " + challenge.id())
                .start(() -> result[0] = attempt(runner, truth));
        try {
            if (thread.join(java.time.Duration.ofMillis(deadlineMs))) {
                runner.problem = String.valueOf(result[0]);
                return;
            }
            thread.interrupt();
            runner.problem = "did not finish within " + deadlineMs / 1000.0 + " s; is there a loop that never ends?"
                    + " If it still runs, restart the kernel: it takes time from everything else.";
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new CancellationException("the challenge was interrupted");
        }
    }

    private String attempt(Runner runner, Tensor truth) {
        try {
            ReferenceUse.Recorded<Tensor> made = ReferenceUse.record(runner::first);
            runner.library = runner.yours && !made.used().isEmpty();
            Verdict verdict = Verdict.compare(truth, made.value(), challenge.rtol(), challenge.atol());
            return verdict.ok() ? "" : "wrong: " + verdict.message();
        } catch (TodoException e) {
            return String.valueOf(e.getMessage());
        } catch (Throwable t) { // a learner's code may throw anything, and the others still have their places
            return Thrown.describe(t);
        }
    }
}
