package tinyllm.lab.mine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.progress.SafeFile;

/**
 * The folder with the learner's answers, {@code notebooks/my/src}: one Java file for each exercise whose check was green. Nothing in
 * it is ever lost: what a new answer replaces goes to {@code notebooks/my/old}.
 *
 * @param folder there or not
 */
public record Kept(Path folder) {

    private static final DateTimeFormatter WHEN = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    /** A kept answer. */
    public record Answer(Exercise<?> exercise, Path file) {}

    /** Where the answer to an exercise is kept, there or not. */
    public Path file(Exercise<?> exercise) {
        return folder.resolve(KeptSource.className(exercise) + ".java");
    }

    /** The answers that are there, in reading order. */
    public List<Answer> answers() {
        List<Answer> answers = new ArrayList<>();
        for (Exercise<?> exercise : Exercises.all()) {
            if (Files.isRegularFile(file(exercise))) {
                answers.add(new Answer(exercise, file(exercise)));
            }
        }
        return answers;
    }

    /**
     * Keeps what a check was given, with all that it needs from the session.
     *
     * @param snippets the session's live snippets, oldest first; without any there is nothing to keep
     * @param answer name of the answer's class, if it has one: used when no snippet shows what was checked
     * @return why it can't be kept, as a sentence; empty when it was
     * @throws IOException when the file can't be written; the one before is still whole
     */
    public Optional<String> keep(Exercise<?> exercise, List<String> snippets, Optional<String> answer)
            throws IOException {
        if (snippets.isEmpty()) {
            return Optional.empty();
        }
        Assembly.Result result;
        try (Javac javac = new Javac()) {
            result = new Assembly(javac, Snippets.of(javac, snippets), exercise)
                    .build(answer.map(name -> name + "::new").orElse(""));
        }
        if (!result.problem().isEmpty()) {
            return Optional.of("Your answer can't be kept as a Java file: " + result.problem() + ".");
        }
        write(file(exercise), result.source());
        return Optional.empty();
    }

    private void write(Path file, String source) throws IOException {
        byte[] bytes = source.getBytes(StandardCharsets.UTF_8);
        Files.createDirectories(folder);
        if (Files.exists(file)) {
            byte[] before = Files.readAllBytes(file);
            if (java.util.Arrays.equals(before, bytes)) {
                return;
            }
            putAway(file, before);
        }
        SafeFile.replace(file, bytes);
    }

    private void putAway(Path file, byte[] bytes) throws IOException {
        Path old = folder.resolveSibling("old");
        Files.createDirectories(old);
        String stem = file.getFileName().toString().replaceFirst("\\.java$", "") + "-"
                + LocalDateTime.now().format(WHEN);
        Path place = old.resolve(stem + ".java");
        for (int i = 2; Files.exists(place); i++) {
            place = old.resolve(stem + "-" + i + ".java");
        }
        SafeFile.replace(place, bytes);
    }
}
