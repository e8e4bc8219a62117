package tinyllm.lab.notebooks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tinyllm.kernel.KernelText;
import tinyllm.lab.OneChapter;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.notebooks.Chapter.Cell;

/** What learners do all evening, for every exercise of every chapter: {@link Evening}. */
@Tag("slow")
class EditRunCheckTest {

    private static final Path SOURCES = Path.of("..", "..", "notebooks", "src");
    private static final Path PILOT = Path.of("src", "test", "resources", "notebooks");
    private static final boolean ALL = Boolean.getBoolean("tinyllm.long") || !OneChapter.has("");

    /** Chapters of kernels are edited in the long run, or asked for alone: there a wrong answer compiles every known mistake. */
    @TestFactory
    Stream<DynamicContainer> evenings() throws IOException {
        return chapters().map(chapter -> {
            Evening evening = new Evening(chapter, ALL);
            DynamicTest starter = DynamicTest.dynamicTest(chapter.name() + ": not solved yet", evening::starter);
            DynamicTest edits = DynamicTest.dynamicTest(chapter.name() + ": edit, run, check", evening::edits);
            return DynamicContainer.dynamicContainer(
                    chapter.name(),
                    Stream.of(starter, edits)
                            .filter(test -> test == starter || ALL || !ofKernels(chapter))
                            .onClose(evening::close));
        });
    }

    private static boolean ofKernels(Chapter chapter) {
        return !chapter.exercises().isEmpty()
                && chapter.exercises().stream().map(Cell::exercise).allMatch(EditRunCheckTest::isKernel);
    }

    private static boolean isKernel(String exercise) {
        return Exercises.all().stream().anyMatch(e -> e.id().equals(exercise) && e.contract() == KernelText.class);
    }

    private static Stream<Chapter> chapters() throws IOException {
        return Stream.concat(Chapter.readAll(PILOT).stream(), Chapter.readAll(SOURCES).stream())
                .filter(chapter -> OneChapter.is(chapter.name()));
    }
}
