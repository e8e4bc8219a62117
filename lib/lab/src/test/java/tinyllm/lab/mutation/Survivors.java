package tinyllm.lab.mutation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The changes that a check may let through, each with its reason, from {@code docs/mutations.md}: a heading {@code ## id} for
 * each exercise, and under it one item for each change, {@code - `was` → `is`: reason}.
 */
record Survivors(Map<String, String> reasons) {

    private static final Pattern HEADING = Pattern.compile("^##+ +(.*\\S)\\s*$");
    private static final Pattern ITEM = Pattern.compile("^- +`(.+)` → `(.+)`: +(\\S.*)$");

    static Survivors read(Path file) throws IOException {
        Map<String, String> reasons = new LinkedHashMap<>();
        String exercise = "";
        for (String line : Files.readAllLines(file)) {
            Matcher heading = HEADING.matcher(line);
            Matcher item = ITEM.matcher(line);
            if (heading.matches()) {
                exercise = heading.group(1);
            } else if (item.matches()) {
                reasons.put(key(exercise, item.group(1), item.group(2)), item.group(3));
            } else if (line.startsWith("- `")) {
                throw new IOException(file + ": not an item of the form - `was` → `is`: reason: " + line);
            }
        }
        return new Survivors(reasons);
    }

    /** Those of the exercises whose ids are wanted. */
    List<String> of(Predicate<String> exercise) {
        return reasons.keySet().stream()
                .filter(key -> exercise.test(key.substring(0, key.indexOf(": `"))))
                .toList();
    }

    static String key(Mutant mutant) {
        return key(mutant.exercise(), mutant.was(), mutant.is());
    }

    private static String key(String exercise, String was, String is) {
        return exercise + ": `" + was + "` → `" + is + "`";
    }
}
