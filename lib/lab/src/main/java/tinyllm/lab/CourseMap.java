package tinyllm.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tinyllm.lab.chart.MapPaper;
import tinyllm.lab.chart.MapPaper.Place;
import tinyllm.lab.chart.MapPaper.State;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.progress.Progress;
import tinyllm.lab.view.Picture;

/** The course as a map: three tracks, the reading order, the minutes of each chapter, and what is done or not there yet (chapter 0). */
public final class CourseMap {

    private static final Pattern MINUTES = Pattern.compile("(?i)about (\\d+) minutes");

    /**
     * One chapter, in reading order.
     *
     * @param minutes what the chapter itself says, or empty while it is not there
     */
    record Chapter(String number, String file, String title, String track, Optional<Integer> minutes) {}

    private CourseMap() {}

    /** The map with the learner's own progress. */
    public static Picture picture() {
        return draw(Workplace.current().sources(), Lab.currentProgress());
    }

    /** The map without anybody's progress, for the README. */
    static Picture blank(Path sources) {
        return draw(Optional.of(sources), Progress.EMPTY);
    }

    private static Picture draw(Optional<Path> sources, Progress progress) {
        List<Chapter> chapters = chapters(sources);
        List<Place> places = new ArrayList<>();
        int done = 0;
        int there = 0;
        String next = "";
        for (Chapter chapter : chapters) {
            State state = state(chapter, progress);
            boolean read = state == State.DONE;
            done += read ? 1 : 0;
            there += state == State.MISSING ? 0 : 1;
            next = next.isEmpty() && !read && state != State.MISSING && hasExercises(chapter) ? chapter.number() : next;
            String minutes = chapter.minutes().map(m -> m + " min").orElse("not there yet");
            places.add(new Place(chapter.track(), chapter.number(), chapter.title(), minutes, state));
        }
        String head = done == 0
                ? chapters.size() + " chapters, " + there + " of them there"
                : done + " of " + chapters.size() + " chapters done" + (next.isEmpty() ? "" : ", next: " + next);
        return MapPaper.paint("The course: " + head, places, text(head, places));
    }

    /** One line that says all that the picture shows. */
    private static String text(String head, List<Place> places) {
        List<String> words = places.stream()
                .map(place -> place.number() + " " + place.title() + " (" + place.note() + ")"
                        + (place.state() == State.DONE ? " ✔" : ""))
                .toList();
        return head + ". In reading order: " + String.join(", ", words) + ".";
    }

    private static boolean hasExercises(Chapter chapter) {
        return Exercises.ofChapter(chapter.number()).findAny().isPresent();
    }

    private static State state(Chapter chapter, Progress progress) {
        if (chapter.minutes().isEmpty()) {
            return State.MISSING;
        }
        List<Exercise<?>> exercises = Exercises.ofChapter(chapter.number()).toList();
        long solved = exercises.stream()
                .filter(e -> progress.entry(e.id()).state() == Progress.State.SOLVED)
                .count();
        boolean begun = exercises.stream().anyMatch(e -> progress.entry(e.id()).attempts() > 0);
        return !exercises.isEmpty() && solved == exercises.size() ? State.DONE : begun ? State.BEGUN : State.THERE;
    }

    static List<Chapter> chapters(Optional<Path> sources) {
        return lines().stream()
                .map(line -> line.split("\t", 4))
                .map(part -> new Chapter(
                        part[0], part[1], part[2], part[3], sources.flatMap(folder -> minutes(folder, part[1]))))
                .toList();
    }

    /** A chapter that is there says its minutes near its top. */
    private static Optional<Integer> minutes(Path folder, String name) {
        Path source = folder.resolve(name + ".java");
        if (!Files.exists(source)) {
            return Optional.empty();
        }
        try {
            Matcher found = MINUTES.matcher(Files.readString(source));
            return Optional.of(found.find() ? Integer.parseInt(found.group(1)) : 0);
        } catch (IOException e) {
            throw new UncheckedIOException("the chapter " + source + " can't be read: " + e, e);
        }
    }

    private static List<String> lines() {
        try (InputStream in = Objects.requireNonNull(CourseMap.class.getResourceAsStream("course.tsv"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the list of chapters can't be read: " + e, e);
        }
    }
}
