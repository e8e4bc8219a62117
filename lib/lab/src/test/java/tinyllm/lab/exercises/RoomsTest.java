package tinyllm.lab.exercises;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tinyllm.lab.check.Exercise;

/** Who looks for a chapter's exercises finds one room, whose own lines name them. */
class RoomsTest {

    private static final Path HOME = Path.of("src/main/java/tinyllm/lab/exercises");

    private record Place(String id, Path room) {
        String chapter() {
            return id.split(" ")[0];
        }
    }

    @Test
    void everyExerciseHasARoom() throws IOException {
        assertThat(places().stream().map(Place::id))
                .containsExactlyInAnyOrderElementsOf(
                        Exercises.all().stream().map(Exercise::id).toList());
        assertThat(places()).noneMatch(place -> place.room().equals(HOME));
    }

    @Test
    void aChapterLivesInOneRoom() throws IOException {
        Map<String, TreeSet<Path>> rooms =
                places().stream().collect(groupingBy(Place::chapter, mapping(Place::room, toCollection(TreeSet::new))));
        assertThat(rooms.values()).allMatch(one -> one.size() == 1);
    }

    @Test
    void aRoomNamesItsExercises() throws IOException {
        assertThat(places()).allSatisfy(place -> assertThat(text(place.room())).contains("\"" + place.id() + "\""));
    }

    /** The house's list is whole, and in the order in which the chapters are read. */
    @Test
    void theHouseNamesItsRooms() throws IOException {
        Map<String, Path> rooms = places().stream().collect(toMap(Place::id, Place::room));
        List<String> expected = Exercises.all().stream()
                .map(exercise -> requireNonNull(rooms.get(exercise.id())))
                .distinct()
                .map(RoomsTest::room)
                .toList();
        assertThat(text(HOME)).contains("In reading order: " + String.join(", ", expected) + ".");
    }

    /** Where the constants stand that {@link Exercises} lists. */
    private static List<Place> places() throws IOException {
        List<Place> places = new ArrayList<>();
        for (Path file : sources()) {
            for (Field field : declared(file)) {
                if (field.getType() == Exercise.class) {
                    places.add(new Place(constant(field).id(), requireNonNull(file.getParent())));
                }
            }
        }
        return places;
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(HOME)) {
            return files.filter(file -> file.toString().endsWith("java"))
                    .filter(file -> !file.endsWith("package-info.java"))
                    .sorted()
                    .toList();
        }
    }

    private static Field[] declared(Path file) {
        String name = room(file).replaceAll("\\.java$", "");
        try {
            return Class.forName(Exercises.class.getPackageName() + "." + name, false, Exercises.class.getClassLoader())
                    .getDeclaredFields();
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static Exercise<?> constant(Field field) {
        try {
            return (Exercise<?>) requireNonNull(field.get(null));
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    private static String room(Path place) {
        return HOME.relativize(place).toString().replace(HOME.getFileSystem().getSeparator(), ".");
    }

    /** What a room says of itself, in one line. */
    private static String text(Path room) throws IOException {
        return Files.readString(room.resolve("package-info.java")).replaceAll("\\s*\\R \\*", "");
    }
}
