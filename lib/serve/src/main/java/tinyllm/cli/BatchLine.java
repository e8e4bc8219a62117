package tinyllm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tinyllm.engine.EngineRequest;
import tinyllm.sampling.SamplingParams;
import tools.jackson.databind.JsonNode;

/**
 * One line of {@code batch}'s input as a request: each field has a type and a range, and there are no others.
 *
 * @param prompt its text
 * @param maxTokens that the answer may have
 * @param ownMaxTokens whether the line says so itself
 * @param seed of its request
 * @param ownSeed whether the line says so itself
 */
record BatchLine(
        EngineRequest request, String prompt, int maxTokens, boolean ownMaxTokens, long seed, boolean ownSeed) {

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

    /**
     * @param seed where the line has none
     * @throws IllegalArgumentException that names the field, what it holds, and what it should
     */
    static BatchLine of(JsonNode line, BatchCommand.BatchDefaults defaults, long seed) {
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
        int maxTokens = integer(line, "max_tokens", defaults.maxTokens());
        SamplingParams sampling = sampling(line, defaults.sampling(), seed);
        return new BatchLine(
                request.maxTokens(maxTokens).sampling(sampling).stop(stop(line)),
                prompt.asString(),
                maxTokens,
                says(line, "max_tokens"),
                sampling.seed(),
                says(line, "seed"));
    }

    private static boolean says(JsonNode line, String field) {
        return line.hasNonNull(field);
    }

    private static SamplingParams sampling(JsonNode line, SamplingParams usual, long seed) {
        return new SamplingParams(
                number(line, "temperature", usual.temperature()),
                integer(line, "top_k", usual.topK()),
                number(line, "top_p", usual.topP()),
                number(line, "min_p", usual.minP()),
                number(line, "repetition_penalty", usual.repetitionPenalty()),
                seed(line, seed));
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
