package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.progress.Progress;
import tinyllm.lab.progress.Progress.Entry;
import tinyllm.lab.progress.Progress.State;
import tinyllm.lab.view.Rich;

class CourseMapTest {

    private static final Path ROOT = Path.of("..", "..");
    private static final Path SOURCES = ROOT.resolve("notebooks/src");

    /** Drawn anew the map would say the same; if not: ./lab notebooks map. */
    @Test
    void theReadmesMapShowsTheChaptersAsTheyAre() throws IOException {
        byte[] png = Files.readAllBytes(ROOT.resolve("docs/map.png"));
        assertThat(MapFile.description(png))
                .as("docs/map.png is older than the chapters: run ./lab notebooks map")
                .contains(CourseMap.blank(SOURCES).text());
        assertThat(ROOT.resolve("README.md")).content().contains("(docs/map.png)");
    }

    @Test
    void everyChapterIsOnTheMapAndSaysItsMinutes() throws IOException {
        List<CourseMap.Chapter> chapters = CourseMap.chapters(Optional.of(SOURCES));
        try (Stream<Path> files = Files.list(SOURCES)) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.replaceFirst("\\.java$", ""))
                    .toList();
            assertThat(chapters).extracting(CourseMap.Chapter::file).containsAll(names);
        }
        assertThat(chapters)
                .extracting(CourseMap.Chapter::number)
                .doesNotHaveDuplicates()
                .contains("2.3a", "4.8");
        assertThat(chapters)
                .allSatisfy(chapter -> chapter.minutes()
                        .ifPresent(m -> assertThat(m).as(chapter.file()).isBetween(10, 90)));
    }

    @Test
    void exercisesStandInReadingOrder() {
        List<String> order = CourseMap.chapters(Optional.empty()).stream()
                .map(CourseMap.Chapter::number)
                .toList();
        List<Integer> places =
                Exercises.all().stream().map(e -> order.indexOf(e.chapter())).toList();
        assertThat(places).doesNotContain(-1).isSorted();
    }

    @Test
    void aMissingChapterIsNotThereYet() {
        assertThat(CourseMap.chapters(Optional.empty()))
                .allMatch(chapter -> chapter.minutes().isEmpty());
    }

    @Test
    void paceNeedsASolvedExercise() {
        assertThat(Pace.chart(Progress.EMPTY).text()).contains("No exercise is solved yet");
        Exercise<?> first = Exercises.all().getFirst();
        Entry solved = new Entry(State.SOLVED, 3, 0, false, 60_000, 240_000);
        Rich chart = Pace.chart(new Progress(Map.of(first.id(), solved), Map.of()));
        assertThat(chart.text()).contains("1 solved, 3.0 checks each, median 3 minutes");
    }
}
