package tinyllm.lab.mine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;
import tinyllm.lab.MineSource;
import tinyllm.lab.check.Check;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.grade.Answers;

/**
 * The learner's kept answers, each case a test of its own on this thread: set a breakpoint in {@code notebooks/my/src} and debug
 * {@link #answers} (lib/lab/README.md says how).
 */
@Tag("slow")
class MyAnswersTest {

    @TestFactory
    Stream<DynamicContainer> answers() {
        return of(MineSource.kept());
    }

    static Stream<DynamicContainer> of(Kept kept) {
        return kept.answers().stream()
                .map(answer -> dynamicContainer(
                        answer.exercise().id(),
                        answer.file().toUri(),
                        IntStream.range(0, answer.exercise().cases().size()).mapToObj(i -> test(answer, i))));
    }

    private static DynamicTest test(Kept.Answer answer, int i) {
        String name = answer.exercise().cases().get(i).name();
        return dynamicTest(name, answer.file().toUri(), () -> {
            CheckResult result = debug(answer.exercise(), Compiled.file(answer.file()), i);
            if (result.outcome() == Outcome.NOT_ATTEMPTED) {
                throw new TestAbortedException(result.message());
            }
            assertThat(result.outcome()).as(result.text()).isEqualTo(Outcome.CORRECT);
        });
    }

    private static <T> CheckResult debug(Exercise<T> exercise, Compiled answer, int i) {
        return new Check<>(exercise).debug(answer::answer, i);
    }

    @Test
    void everyCaseIsATestAndAWrongAnswerFailsWhereItIsWrong(@TempDir Path folder) throws Exception {
        keep(folder, "1.1 softmax", "Tensor e = s.exp(); return e.div(e.sumKeep(-1));");
        List<DynamicContainer> containers = of(new Kept(folder)).toList();
        assertThat(containers).hasSize(1);
        List<DynamicTest> tests =
                containers.getFirst().getChildren().map(DynamicTest.class::cast).toList();
        assertThat(tests).hasSameSizeAs(Answers.SOFTMAX.cases());

        List<Throwable> thrown = tests.stream()
                .map(test -> catchThrowable(() -> test.getExecutable().execute()))
                .toList();
        assertThat(thrown)
                .filteredOn(t -> t != null)
                .isNotEmpty()
                .allSatisfy(t -> assertThat(t)
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining("Subtract each row's maximum"));
        assertThat(thrown).filteredOn(t -> t == null).isNotEmpty();
        assertThat(tests.getFirst().getTestSourceUri()).get().asString().endsWith("C1_1_Softmax.java");
    }

    @Test
    void aRightAnswerPassesAndAStubIsAborted(@TempDir Path folder) throws Throwable {
        keep(folder, "1.1 softmax", "Tensor e = s.sub(s.maxKeep(-1)).exp(); return e.div(e.sumKeep(-1));");
        for (DynamicTest test : first(folder)) {
            test.getExecutable().execute();
        }
        keep(folder, "1.1 softmax", "return Lab.todo(\"write it\");");
        for (DynamicTest test : first(folder)) {
            assertThat(catchThrowable(() -> test.getExecutable().execute())).isInstanceOf(TestAbortedException.class);
        }
    }

    private static List<DynamicTest> first(Path folder) {
        return of(new Kept(folder))
                .findFirst()
                .orElseThrow()
                .getChildren()
                .map(DynamicTest.class::cast)
                .toList();
    }

    private static void keep(Path folder, String id, String body) throws IOException {
        Answers.keep(folder, Exercises.get(id), Answers.softmax(body));
    }
}
