package tinyllm.lab.exercises.server;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads server-sent events as a strict client does, and says in one line what each of them is: two ways to write the same event give the
 * same line. What a client could not read is said as well.
 */
final class EventLines {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int SHOWN = 60;

    private EventLines() {}

    /** The events in a text that has to hold whole ones. */
    static List<String> of(String text) {
        List<String> events = new ArrayList<>();
        StringBuilder data = new StringBuilder();
        boolean any = false;
        String[] lines = text.split("\r\n|\r|\n", -1);
        for (int i = 0; i + 1 < lines.length; i++) {
            String line = lines[i];
            if (line.isEmpty()) {
                if (any) {
                    events.add(data(data.toString()));
                }
                data.setLength(0);
                any = false;
            } else if (line.startsWith(":")) {
                events.add("a comment");
            } else if (line.startsWith("data:")) {
                data.append(any ? "\n" : "").append(line.startsWith("data: ") ? line.substring(6) : line.substring(5));
                any = true;
            } else {
                events.add("a line that clients skip: " + shortened(line));
            }
        }
        if (any || !lines[lines.length - 1].isEmpty()) {
            events.add("an event without an empty line behind it: "
                    + shortened(any ? data.toString() : lines[lines.length - 1]));
        } else if (text.startsWith(":") && !text.endsWith("\n\n")) {
            events.add("a comment without an empty line behind it");
        }
        return events;
    }

    /** What a JSON string says; or that it is none. */
    static String string(String json) {
        try {
            JsonNode node = JSON.readTree(json);
            return node.isString() ? "says: " + node.stringValue() : "no JSON string: " + shortened(json);
        } catch (JacksonException e) {
            return "no JSON: " + shortened(json);
        }
    }

    private static String data(String data) {
        if (data.equals("[DONE]")) {
            return "[DONE]";
        }
        try {
            return event(JSON.readTree(data));
        } catch (JacksonException e) {
            return "no JSON: " + shortened(data);
        }
    }

    private static String event(JsonNode event) {
        if (event.has("error")) {
            return "error: " + event.path("error").path("message").asString("without a message");
        }
        StringBuilder line = new StringBuilder();
        for (JsonNode choice : event.path("choices")) {
            line.append("choice ")
                    .append(choice.path("index").asString("without index"))
                    .append(", delta");
            choice.path("delta")
                    .propertyStream()
                    .sorted(java.util.Map.Entry.comparingByKey())
                    .forEach(entry ->
                            line.append(' ').append(entry.getKey()).append('=').append(entry.getValue()));
            if (!choice.path("finish_reason").isMissingNode()
                    && !choice.path("finish_reason").isNull()) {
                line.append(", finish_reason ").append(choice.path("finish_reason"));
            }
        }
        if (event.hasNonNull("usage")) {
            JsonNode usage = event.path("usage");
            line.append(event.path("choices").isEmpty() ? "usage " : ", usage ")
                    .append(usage.path("prompt_tokens").asString("?"))
                    .append(" + ")
                    .append(usage.path("completion_tokens").asString("?"))
                    .append(" = ")
                    .append(usage.path("total_tokens").asString("?"));
        }
        if (!event.path("choices").isArray()) {
            line.append("no list of choices");
        }
        return line.append(" (")
                .append(event.path("id").asString("no id"))
                .append(", ")
                .append(event.path("object").asString("no object"))
                .append(", ")
                .append(event.path("created").asString("not created"))
                .append(", ")
                .append(event.path("model").asString("no model"))
                .append(')')
                .toString();
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }
}
