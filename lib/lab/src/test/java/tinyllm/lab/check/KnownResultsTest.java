package tinyllm.lab.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

class KnownResultsTest {

    private final AtomicInteger references = new AtomicInteger();
    private final AtomicInteger mistakes = new AtomicInteger();

    private Exercise<IntUnaryOperator> doubling(IntUnaryOperator wrong) {
        return Exercise.of("9.9 double", IntUnaryOperator.class)
                .title("Double")
                .reference(() -> x -> {
                    references.incrementAndGet();
                    return 2 * x;
                })
                .hint("twice")
                .check(Case.of("a number", seed -> (int) seed, (IntUnaryOperator f, Integer x) -> f.applyAsInt(x)))
                .mistake("as it was", "The number came back as it was.", () -> x -> {
                    mistakes.incrementAndGet();
                    return wrong.applyAsInt(x);
                })
                .build();
    }

    private static CheckResult check(Exercise<IntUnaryOperator> exercise, IntUnaryOperator answer) {
        return new Check<>(exercise).run(() -> answer);
    }

    @Test
    void aSecondCheckRunsTheAnswerAlone() {
        Exercise<IntUnaryOperator> exercise = doubling(x -> x);
        assertThat(check(exercise, x -> x).mistake()).isEqualTo("as it was");
        int ran = references.get();
        assertThat(mistakes.get()).isEqualTo(1);

        assertThat(check(exercise, x -> x).mistake()).isEqualTo("as it was");
        assertThat(check(exercise, x -> x + 1).mistake()).isNull();

        assertThat(references.get()).isEqualTo(ran);
        assertThat(mistakes.get()).isEqualTo(1);
    }

    @Test
    void anExceptionIsAResultToo() {
        Exercise<IntUnaryOperator> exercise = doubling(x -> {
            throw new IllegalStateException("no");
        });
        for (int i = 0; i < 2; i++) {
            CheckResult result = check(exercise, x -> {
                throw new IllegalStateException("no");
            });
            assertThat(result.mistake()).isEqualTo("as it was");
        }
        assertThat(mistakes.get()).isEqualTo(1);
        assertThat(check(exercise, x -> x).mistake()).isNull();
    }

    @Test
    void aRunThatWasInterruptedIsNotKept() {
        Exercise<IntUnaryOperator> exercise = doubling(x -> {
            if (mistakes.get() == 1) {
                Thread.currentThread().interrupt();
            }
            return x;
        });
        check(exercise, x -> x);
        assertThat(check(exercise, x -> x).mistake()).isEqualTo("as it was");
        assertThat(mistakes.get()).as("a second time, and then no more").isEqualTo(2);
    }
}
