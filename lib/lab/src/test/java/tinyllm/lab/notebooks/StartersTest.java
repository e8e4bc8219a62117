package tinyllm.lab.notebooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tinyllm.lab.check.Outcome;
import tinyllm.lab.notebooks.Chapter.Cell;
import tinyllm.lab.notebooks.Session.Ran;

/** Every starter from top to bottom: its exercises are "not solved yet", and nothing else is wrong. */
@Tag("slow")
class StartersTest {

    @TestFactory
    Stream<DynamicTest> startersSayNotSolvedYet() throws IOException {
        return EditRunCheckTest.chapters()
                .map(chapter -> DynamicTest.dynamicTest(chapter.name(), () -> runStarter(chapter)));
    }

    /** Top to bottom: every check finds a stub, and no cell fails in another way. */
    private static void runStarter(Chapter chapter) {
        try (Session session = new Session()) {
            List<String> found = new ArrayList<>();
            for (Cell cell : chapter.code()) {
                Ran ran = session.run(cell.starter());
                assertThat(ran.problems()).as("cell %d", cell.number()).isEmpty();
                assertThat(ran.checks())
                        .as("cell %d: %s", cell.number(), ran.checks())
                        .hasSameSizeAs(cell.checks())
                        .allMatch(check -> check.outcome() == Outcome.NOT_ATTEMPTED);
                found.addAll(cell.checks());
            }
            assertThat(found)
                    .containsAll(
                            chapter.exercises().stream().map(Cell::exercise).toList());
        }
    }
}
