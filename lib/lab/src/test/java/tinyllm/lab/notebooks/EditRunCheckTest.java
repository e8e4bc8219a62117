package tinyllm.lab.notebooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tinyllm.kernel.KernelText;
import tinyllm.lab.OneChapter;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.notebooks.Chapter.Cell;
import tinyllm.lab.notebooks.Session.Ran;

/**
 * What learners do all evening, for every exercise of every chapter: run the stub and its check; edit the stub's cell wrongly,
 * run it and the check alone; edit it rightly, run it, the check and what follows.
 */
@Tag("slow")
class EditRunCheckTest {

    private static final Path SOURCES = Path.of("..", "..", "notebooks", "src");
    private static final Path PILOT = Path.of("src", "test", "resources", "notebooks");

    /** Chapters of kernels, where a wrong answer compiles and runs every known mistake, in the long run or asked for alone. */
    @TestFactory
    Stream<DynamicTest> editRunCheck() throws IOException {
        boolean all = Boolean.getBoolean("tinyllm.long") || !OneChapter.has("");
        return chapters()
                .filter(chapter -> all || !ofKernels(chapter))
                .map(chapter -> DynamicTest.dynamicTest(chapter.name(), () -> learn(chapter)));
    }

    private static boolean ofKernels(Chapter chapter) {
        return !chapter.exercises().isEmpty()
                && chapter.exercises().stream().map(Cell::exercise).allMatch(EditRunCheckTest::isKernel);
    }

    private static boolean isKernel(String exercise) {
        return Exercises.all().stream().anyMatch(e -> e.id().equals(exercise) && e.contract() == KernelText.class);
    }

    static Stream<Chapter> chapters() throws IOException {
        return Stream.concat(Chapter.readAll(PILOT).stream(), Chapter.readAll(SOURCES).stream())
                .filter(chapter -> OneChapter.is(chapter.name()));
    }

    private static void learn(Chapter chapter) {
        try (Session session = new Session()) {
            List<Cell> cells = chapter.code();
            for (int i = 0; i < cells.size(); i++) {
                Cell cell = cells.get(i);
                if (cell.exercise().isEmpty()) {
                    clean(session.run(cell.solved()), cell);
                } else {
                    edit(session, chapter, cell, checkOf(cells, i));
                }
            }
        }
    }

    /** Leaves the session with the right answer, as a learner would. */
    private static void edit(Session session, Chapter chapter, Cell stub, Cell check) {
        clean(session.run(stub.starter()), stub);
        assertThat(outcome(session, check, stub)).isEqualTo(Outcome.NOT_ATTEMPTED);
        clean(session.run(WrongEdit.of(chapter, stub)), stub);
        assertThat(outcome(session, check, stub)).isIn(Outcome.INCORRECT, Outcome.CRASHED);
        clean(session.run(stub.solved()), stub);
        assertThat(outcome(session, check, stub)).isEqualTo(Outcome.CORRECT);
    }

    private static Cell checkOf(List<Cell> cells, int from) {
        String exercise = cells.get(from).exercise();
        return cells.subList(from, cells.size()).stream()
                .filter(cell -> cell.checks().contains(exercise))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no cell after \"" + exercise + "\" checks it"));
    }

    private static Outcome outcome(Session session, Cell check, Cell stub) {
        Ran ran = session.run(check.solved());
        clean(ran, check);
        CheckResult result = ran.checks().stream()
                .filter(found -> found.id().equals(stub.exercise()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the check of \"" + stub.exercise() + "\" shows nothing"));
        return result.outcome();
    }

    private static void clean(Ran ran, Cell cell) {
        assertThat(ran.problems()).as("cell %d", cell.number()).isEmpty();
    }
}
