package tinyllm.lab.exercises;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.kernel.KernelText;
import tinyllm.lab.OneChapter;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.exercises.Misbehaviour.Remembering;
import tinyllm.lab.exercises.Misbehaviour.Twist;

/** What any learner's class may do wrong beside the idea of its exercise: none of it is ever "correct", each has its verdict. */
@Tag("slow")
class MisbehavingAnswersTest {

    private static final Duration PATIENT = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final int MEGABYTES = 100;
    /** Of an exercise that is not its chapter's first: what catches the text is the same for all. */
    private static final int FEWER = 5;

    static Stream<Exercise<?>> exercises() {
        return Exercises.all().stream().filter(exercise -> OneChapter.has(exercise.id()));
    }

    /** Without those whose answer is a kernel's source: it takes no arguments, and is the same at every call. */
    static Stream<Exercise<?>> computing() {
        return exercises().filter(exercise -> exercise.contract() != KernelText.class);
    }

    /** The control: without a misbehaviour the proxy is a right answer, and nobody takes it for the library's own. */
    @ParameterizedTest
    @MethodSource("exercises")
    void behaves(Exercise<?> exercise) {
        CheckResult result = check(exercise, (method, arguments, right) -> right.get());

        assertThat(result.outcome()).as(result.text()).isEqualTo(Outcome.CORRECT);
    }

    @ParameterizedTest
    @MethodSource("exercises")
    void returnsNull(Exercise<?> exercise) {
        boolean[] could = {false};
        CheckResult result = check(exercise, (method, arguments, right) -> {
            if (method.getReturnType().isPrimitive()) {
                return right.get();
            }
            could[0] = true;
            return null;
        });

        refusedIf(could[0], result);
        if (could[0]) {
            assertThat(result.message()).contains("null").doesNotContain("Exception: Cannot");
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void returnsAnotherShape(Exercise<?> exercise) {
        refused(check(exercise, (method, arguments, right) -> Misbehaviour.reshaped(right.get())));
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void returnsAnotherDtype(Exercise<?> exercise) {
        boolean[] tensors = {false};
        CheckResult result = check(exercise, (method, arguments, right) -> {
            Object value = right.get();
            tensors[0] |= value != Misbehaviour.ofAnotherType(value);
            return Misbehaviour.ofAnotherType(value);
        });

        refusedIf(tensors[0], result);
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void returnsNotANumber(Exercise<?> exercise) {
        boolean[] tensors = {false};
        CheckResult result = check(exercise, (method, arguments, right) -> {
            Object value = right.get();
            tensors[0] |= value != Misbehaviour.notANumber(value);
            return Misbehaviour.notANumber(value);
        });

        refusedIf(tensors[0], result);
        if (tensors[0]) {
            assertThat(result.message()).contains("NaN");
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void returnsZeros(Exercise<?> exercise) {
        refused(check(exercise, (method, arguments, right) -> Misbehaviour.zeros(right.get())));
    }

    @ParameterizedTest
    @MethodSource("exercises")
    void throwsAnException(Exercise<?> exercise) {
        CheckResult result = check(exercise, (method, arguments, right) -> {
            throw new IllegalStateException("boom");
        });

        assertThat(result.outcome()).as(result.text()).isEqualTo(Outcome.CRASHED);
        assertThat(result.message()).contains("IllegalStateException: boom");
    }

    @ParameterizedTest
    @MethodSource("exercises")
    void loops(Exercise<?> exercise) {
        Twist loop = (method, arguments, right) -> {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            throw new IllegalStateException("interrupted");
        };
        CheckResult result = check(exercise, loop, SHORT);

        assertThat(result.outcome()).as(result.text()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(result.message()).contains("0.1 s", "It was stopped");
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void changesItsArguments(Exercise<?> exercise) {
        boolean[] arrays = {false};
        CheckResult result = check(exercise, (method, arguments, right) -> {
            Object value = right.get();
            arrays[0] |= Misbehaviour.overwrite(arguments);
            return value;
        });

        refusedIf(arrays[0], result);
        if (arrays[0]) {
            assertThat(result.message()).contains("changes what it was given");
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void isOneCallLate(Exercise<?> exercise) {
        refused(check(exercise, Misbehaviour.oneCallLate()));
    }

    /** A table of the shown results, by what the arguments look like: the hidden seeds are there for this. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void remembersTheShownResults(Exercise<?> exercise) {
        Remembering table = new Remembering();
        CheckResult result = check(exercise, table);

        refusedIf(table.isBlind(), result);
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("computing")
    void printsMegabytes(Exercise<?> exercise) {
        boolean[] done = {false};
        boolean first = Exercises.all().stream()
                .filter(other -> other.chapter().equals(exercise.chapter()))
                .findFirst()
                .equals(Optional.of(exercise));
        CheckResult result = check(exercise, (method, arguments, right) -> {
            if (!done[0]) {
                done[0] = true;
                Misbehaviour.print(first ? MEGABYTES : FEWER);
            }
            return right.get();
        });

        assertThat(result.outcome()).as(result.text()).isEqualTo(Outcome.CORRECT);
        assertThat(result.printed()).hasSizeLessThan(10_000).contains("more bytes were printed");
    }

    private static void refused(CheckResult result) {
        refusedIf(true, result);
    }

    private static void refusedIf(boolean misbehaved, CheckResult result) {
        if (misbehaved) {
            assertThat(result.outcome()).as(result.text()).isIn(Outcome.INCORRECT, Outcome.CRASHED);
            assertThat(result.message()).isNotBlank();
        } else {
            assertThat(result.outcome()).as(result.text()).isEqualTo(Outcome.CORRECT);
        }
    }

    private static CheckResult check(Exercise<?> exercise, Twist twist) {
        return check(exercise, twist, PATIENT);
    }

    private static <T> CheckResult check(Exercise<T> exercise, Twist twist, Duration deadline) {
        return new Check<>(exercise, deadline).run(Misbehaviour.of(exercise, twist));
    }
}
