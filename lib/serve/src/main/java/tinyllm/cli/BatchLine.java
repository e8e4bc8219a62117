package tinyllm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tinyllm.engine.EngineRequest;
import tinyllm.sampling.SamplingParams;
import tools.jackson.databind.JsonNode;

/** One line of {@code batch}'s input as a request: each field has a type and a range, and there are no others. */
final class BatchLine {
    private static final Set<String> FIELDS = Set.of(
            "id",
            "prompt",
            "max_tokens",
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "repetition_penalty",
            "seed",
            "stop");

    private BatchLine() {}

    /** @throws IllegalArgumentException that names the field, what it holds, and what it should */
    static EngineRequest request(JsonNode line, BatchCommand.BatchDefaults defaults) {
        line.propertyNames().forEach(name -> {
            if (!FIELDS.contains(name)) {
                throw new IllegalArgumentException("there is no field \"" + name + "\"; there are "
                        + String.join(", ", FIELDS.stream().sorted().toList()));
            }
        });
        JsonNode prompt = line.get("prompt");
        if (prompt == null || !prompt.isString()) {
            throw new IllegalArgumentException(
                    "\"prompt\" must be a text" + (prompt == null ? ", but is not there" : ", but is " + prompt));
        }
        EngineRequest request =
                defaults.raw() ? EngineRequest.text(prompt.asString()) : EngineRequest.user(prompt.asString());
        SamplingParams usual = defaults.sampling();
        return request.maxTokens(integer(line, "max_tokens", defaults.maxTokens()))
                .sampling(new SamplingParams(
                        number(line, "temperature", usual.temperature()),
                        integer(line, "top_k", usual.topK()),
                        number(line, "top_p", usual.topP()),
                        number(line, "min_p", usual.minP()),
                        number(line, "repetition_penalty", usual.repetitionPenalty()),
                        seed(line, usual.seed())))
                .stop(stop(line));
    }

    private static int integer(JsonNode line, String field, int usual) {
        JsonNode value = line.get(field);
        if (value == null || value.isNull()) {
            return usual;
        }
        if (!value.isInt()) {
            throw new IllegalArgumentException("\"" + field + "\" must be a whole number, but is " + value);
        }
        return value.asInt();
    }

    private static long seed(JsonNode line, long usual) {
        JsonNode value = line.get("seed");
        if (value == null || value.isNull()) {
            return usual;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException("\"seed\" must be a whole number, but is " + value);
        }
        return value.asLong();
    }

    private static double number(JsonNode line, String field, double usual) {
        JsonNode value = line.get(field);
        if (value == null || value.isNull()) {
            return usual;
        }
        if (!value.isNumber()) {
            throw new IllegalArgumentException("\"" + field + "\" must be a number, but is " + value);
        }
        return value.asDouble();
    }

    private static String[] stop(JsonNode line) {
        JsonNode value = line.get("stop");
        if (value == null || value.isNull()) {
            return new String[0];
        }
        List<String> strings = new ArrayList<>();
        for (JsonNode string : value.isArray() ? value : List.of(value)) {
            if (!string.isString()) {
                throw new IllegalArgumentException("\"stop\" must be a text or a list of texts, but is " + value);
            }
            strings.add(string.asString());
        }
        return strings.toArray(new String[0]);
    }
}
