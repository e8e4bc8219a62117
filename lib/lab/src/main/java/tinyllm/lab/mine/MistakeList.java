package tinyllm.lab.mine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Mistake;
import tinyllm.lab.exercises.Exercises;

/** The wrong answers that each check knows by name, for a teacher: the page docs/mistakes.md is this and nothing else. */
public final class MistakeList {

    private MistakeList() {}

    /** The page. */
    public static String markdown() {
        StringBuilder out = new StringBuilder("""
                # The mistakes that each check knows

                Written by `./lab check --mistakes`; a test holds that it is up to date. A failing check tries these wrong answers on its cases and
                names the one whose results are the learner's. What stands in braces is filled from the first wrong entry.
                """);
        String chapter = "";
        for (Exercise<?> exercise : Exercises.all()) {
            if (!exercise.chapter().equals(chapter)) {
                chapter = exercise.chapter();
                out.append("\n## Chapter ").append(chapter).append('\n');
            }
            out.append("\n### ")
                    .append(exercise.id())
                    .append(": ")
                    .append(exercise.title())
                    .append("\n\n| mistake | what the check says |\n|---|---|\n");
            for (Mistake<?> mistake : exercise.mistakes()) {
                out.append("| ")
                        .append(cell(mistake.name()))
                        .append(" | ")
                        .append(cell(mistake.message()))
                        .append(" |\n");
            }
        }
        return out.toString();
    }

    /** The same as JSON has it. */
    public static List<Map<String, Object>> json() {
        return Exercises.all().stream().map(MistakeList::json).toList();
    }

    private static Map<String, Object> json(Exercise<?> exercise) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", exercise.id());
        json.put("title", exercise.title());
        json.put("cases", exercise.cases().stream().map(c -> c.name()).toList());
        json.put(
                "mistakes",
                exercise.mistakes().stream()
                        .map(mistake -> Map.of("name", mistake.name(), "message", mistake.message()))
                        .toList());
        return json;
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "&lt;").replace('\n', ' ');
    }
}
