package tinyllm.lab.mine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import tinyllm.lab.exercises.Exercises;

/** The teacher's pages tell what the checks do. */
class MistakeListTest {

    private static final Path DOCS = Path.of("..", "..", "docs");

    @Test
    void theStoredPageIsUpToDate() throws IOException {
        assertThat(Files.readString(DOCS.resolve("mistakes.md")).equals(MistakeList.markdown()))
                .as("docs/mistakes.md is not what the checks know: ./lab check --mistakes > docs/mistakes.md")
                .isTrue();
    }

    @Test
    void everyExerciseAndMistakeIsThere() {
        String page = MistakeList.markdown();
        assertThat(Exercises.all()).allSatisfy(exercise -> {
            assertThat(page).contains("### " + exercise.id() + ": " + exercise.title());
            exercise.mistakes().forEach(mistake -> assertThat(page).contains("| " + mistake.name()));
        });
        assertThat(page.lines().filter(line -> line.startsWith("| ") && !line.endsWith(" |")))
                .isEmpty();
    }

    @Test
    void everyChapterHasItsGoals() throws IOException {
        String teaching = Files.readString(DOCS.resolve("teaching.md"));
        assertThat(Exercises.all().stream().map(exercise -> exercise.chapter()).distinct())
                .allSatisfy(chapter ->
                        assertThat(teaching).containsPattern("\\| [^|]+ \\| " + chapter.replace(".", "\\.") + " "));
    }
}
