package tinyllm.lab.grade;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.CheckResult;
import tinyllm.lab.check.Exercise;
import tools.jackson.databind.JsonNode;

/**
 * What a guarded check found for one exercise.
 *
 * @param cause of a crash: exception, deadline, exit, native, memory; empty otherwise
 * @param message the most telling sentence; empty when correct
 * @param mistake the mistake by name, when it was recognised
 * @param cases what became of each case that was run
 */
public record Finding(
        String id,
        String title,
        Mark mark,
        String cause,
        String message,
        @Nullable String mistake,
        double seconds,
        List<Row> cases) {

    /** One case: its name, its verdict in words, a sentence where it is wrong. */
    public record Row(String name, String verdict, String message) {}

    public Finding {
        cases = List.copyOf(cases);
    }

    /** Nothing was run. */
    static Finding unrun(Exercise<?> exercise, Mark mark, String cause, String message) {
        return new Finding(exercise.id(), exercise.title(), mark, cause, message, null, 0, List.of());
    }

    static Finding of(Exercise<?> exercise, CheckResult result, Duration deadline) {
        List<Row> cases = result.rows().stream()
                .map(row -> new Row(row.name(), row.outcome().words(), row.message()))
                .toList();
        Mark mark = switch (result.outcome()) {
            case CORRECT -> Mark.CORRECT;
            case LIBRARY -> Mark.LIBRARY;
            case NOT_ATTEMPTED -> Mark.NOT_ATTEMPTED;
            case INCORRECT -> Mark.INCORRECT;
            case CRASHED, TIMED_OUT, STOPPED -> Mark.CRASHED;
            case UNCHECKABLE -> Mark.UNCHECKABLE;
        };
        boolean late = result.outcome() == tinyllm.lab.check.Outcome.TIMED_OUT;
        String cause = late ? "deadline" : mark == Mark.CRASHED ? "exception" : "";
        String message = late
                ? "The answer did not finish within " + deadline.toMillis() / 1000.0
                        + " s: is there a loop that never ends?"
                : result.message();
        return new Finding(
                exercise.id(), exercise.title(), mark, cause, message, result.mistake(), result.seconds(), cases);
    }

    /** The fields as JSON has them. */
    public Map<String, Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("title", title);
        json.put("verdict", mark.words());
        json.put("cause", cause.isEmpty() ? null : cause);
        json.put("message", message);
        json.put("mistake", mistake);
        json.put("seconds", Math.round(seconds * 1000) / 1000.0);
        json.put(
                "cases",
                cases.stream()
                        .map(row -> Map.of("name", row.name(), "verdict", row.verdict(), "message", row.message()))
                        .toList());
        return json;
    }

    static Finding read(JsonNode json) {
        return new Finding(
                json.path("id").asString(),
                json.path("title").asString(),
                Mark.of(json.path("verdict").asString()),
                json.path("cause").asString(""),
                json.path("message").asString(),
                json.path("mistake").isString() ? json.path("mistake").asString() : null,
                json.path("seconds").asDouble(),
                json.path("cases")
                        .valueStream()
                        .map(row -> new Row(
                                row.path("name").asString(),
                                row.path("verdict").asString(),
                                row.path("message").asString()))
                        .toList());
    }
}
