package tinyllm.lab.exercises;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.kernel.KernelText;
import tinyllm.lab.OneChapter;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Mistake;
import tinyllm.lab.check.Outcome;

/** Every exercise takes its reference and refuses each of its mistakes by name. */
@Tag("slow")
class ExercisesTest {
    private static final int FEW = 1;

    static Stream<Exercise<?>> exercises() {
        return Exercises.all().stream().filter(exercise -> OneChapter.has(exercise.id()));
    }

    /** Of kernels only the first mistake, unless in the long run or a chapter's own: naming one compiles and runs them all. */
    static Stream<Arguments> mistakes() {
        boolean all = Boolean.getBoolean("tinyllm.long") || !OneChapter.has("");
        return exercises()
                .flatMap(e -> e.mistakes().stream()
                        .limit(all || e.contract() != KernelText.class ? Long.MAX_VALUE : FEW)
                        .map(m -> Arguments.of(e.id(), m.name())));
    }

    /** As "the library's own": without that flag calling the library would count as solved. */
    @ParameterizedTest
    @MethodSource("exercises")
    void takesTheReference(Exercise<?> exercise) {
        CheckResult result = check(exercise, exercise.reference());

        assertThat(result.rows()).hasSameSizeAs(exercise.cases());
        assertThat(result.rows()).allMatch(row -> row.message().isEmpty() || row.outcome() == Outcome.LIBRARY);
        assertThat(result.outcome()).isEqualTo(Outcome.LIBRARY);
    }

    @ParameterizedTest
    @MethodSource("exercises")
    void hasHintsAndSixMistakes(Exercise<?> exercise) {
        assertThat(exercise.hints()).hasSizeBetween(2, 5);
        assertThat(exercise.mistakes()).hasSizeGreaterThanOrEqualTo(6);
        assertThat(exercise.mistakes().stream().map(Mistake::name)).doesNotHaveDuplicates();
        assertThat(exercise.mistakes().stream().map(Mistake::message)).doesNotHaveDuplicates();
    }

    /** A sentence or more in terms of the idea: not a number, not a word. */
    @ParameterizedTest
    @MethodSource("exercises")
    void saysEachMistakeInASentence(Exercise<?> exercise) {
        assertThat(exercise.mistakes()).allSatisfy(mistake -> {
            assertThat(mistake.message()).hasSizeBetween(20, 300).matches("(?s)\\S.*[.?…]");
            assertThat(mistake.message().split("\\s+")).hasSizeGreaterThanOrEqualTo(5);
        });
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("mistakes")
    void refusesAMistakeByName(String id, String name) {
        refuses(Exercises.get(id), name);
    }

    private static <T> void refuses(Exercise<T> exercise, String name) {
        Mistake<T> mistake = exercise.mistakes().stream()
                .filter(m -> m.name().equals(name))
                .findFirst()
                .orElseThrow();
        CheckResult result = check(exercise, mistake.answer());

        assertThat(result.outcome()).as(result.text()).isIn(Outcome.INCORRECT, Outcome.CRASHED);
        assertThat(result.mistake()).as(result.text()).isEqualTo(name);
        assertThat(result.message())
                .doesNotContain("{")
                .startsWith(mistake.message().replaceFirst("(?s)\\{.*", ""));
    }

    @Test
    void offersTheNearestIds() {
        assertThatThrownBy(() -> Exercises.get("1.1 atention"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"1.1 attention\"");
    }

    private static <T> CheckResult check(Exercise<T> exercise, java.util.function.Supplier<?> answer) {
        return new Check<>(exercise, Duration.ofSeconds(60)).run(answer);
    }
}
