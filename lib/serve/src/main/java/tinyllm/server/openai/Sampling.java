package tinyllm.server.openai;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.EngineRequest;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.SamplingParams;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/**
 * The fields that say how tokens are chosen, which all three ways of asking have.
 *
 * @param params without a seed in the request, a random one
 * @param maxTokens 0 for none
 * @param n answers to the same question
 * @param ignoreEnd whether an answer goes on behind the model's end token, as vLLM's field {@code ignore_eos} asks
 */
record Sampling(
        SamplingParams params, Adjustments adjustments, List<String> stop, int maxTokens, int n, boolean ignoreEnd) {

    /** Answers that one request may ask for. */
    static final int MAX_N = 16;

    private static final int MAX_TOKENS = 1 << 30;

    static Sampling read(Fields in, String... maxTokensNames) {
        SamplingParams params = guarded(
                in,
                () -> new SamplingParams(
                        in.number("temperature", 1),
                        Math.max(0, in.whole("top_k", -1, Integer.MAX_VALUE, 0)), // vLLM writes "off" as -1
                        in.number("top_p", 1),
                        in.number("min_p", 0),
                        in.number("repetition_penalty", 1),
                        seed(in)));
        Adjustments adjustments = guarded(
                in,
                () -> new Adjustments(in.number("presence_penalty", 0), in.number("frequency_penalty", 0), bias(in)));
        return new Sampling(
                params,
                adjustments,
                stop(in),
                maxTokens(in, maxTokensNames),
                in.whole("n", 1, MAX_N, 1),
                in.flag("ignore_eos", false));
    }

    private interface Maker<T> {
        T make();
    }

    /** A record's own refusal names the field first. */
    private static <T> T guarded(Fields in, Maker<T> maker) {
        try {
            return maker.make();
        } catch (HttpException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            String sentence = String.valueOf(e.getMessage());
            throw HttpException.field(in.at(sentence.substring(0, Math.max(0, sentence.indexOf(' ')))), sentence);
        }
    }

    private static long seed(Fields in) {
        Long seed = in.seed("seed");
        return seed == null ? ThreadLocalRandom.current().nextLong() : seed;
    }

    private static int maxTokens(Fields in, String... names) {
        int most = 0;
        for (String name : names) {
            Integer value = in.whole(name, 1, MAX_TOKENS);
            if (value != null && most != 0 && most != value) {
                throw HttpException.field(name, name + " and " + names[0] + " say different things: send one of them");
            }
            most = value == null ? most : value;
        }
        return most;
    }

    private static Map<Integer, Double> bias(Fields in) {
        Fields bias = in.object("logit_bias");
        Map<Integer, Double> all = new HashMap<>();
        if (bias == null) {
            return all;
        }
        if (bias.node().size() > Adjustments.MAX_BIAS) {
            throw in.wrong("logit_bias", "a map of " + Adjustments.MAX_BIAS + " tokens at most");
        }
        for (Map.Entry<String, JsonNode> entry : bias.node().properties()) {
            if (!entry.getKey().matches("\\d{1,9}")) {
                throw HttpException.field(
                        "logit_bias",
                        "logit_bias must map ids of tokens to numbers, and \"" + Fields.shortened(entry.getKey(), 30)
                                + "\" is no id");
            }
            if (!entry.getValue().isNumber()) {
                throw HttpException.field(
                        "logit_bias",
                        "logit_bias of token " + entry.getKey() + " must be a number, but is "
                                + Fields.shown(entry.getValue()));
            }
            Double twice = all.put(Integer.valueOf(entry.getKey()), Fields.real(entry.getValue()));
            if (twice != null) {
                throw HttpException.field("logit_bias", "logit_bias names the token " + entry.getKey() + " twice");
            }
        }
        return all;
    }

    private static List<String> stop(Fields in) {
        JsonNode value = in.any("stop");
        if (value == null) {
            return List.of();
        }
        if (value.isString()) {
            return List.of(value.stringValue());
        }
        ArrayNode list = in.array("stop", EngineRequest.STOP_STRINGS);
        for (JsonNode one : list == null ? List.<JsonNode>of() : list) {
            if (!one.isString()) {
                throw in.wrong("stop", "a string or a list of strings");
            }
        }
        return list == null
                ? List.of()
                : list.valueStream().map(JsonNode::stringValue).toList();
    }

    /** The same for one of the n answers: each has a seed of its own. */
    EngineRequest apply(EngineRequest prompt, int choice, @Nullable Integer logprobs) {
        SamplingParams own = new SamplingParams(
                params.temperature(),
                params.topK(),
                params.topP(),
                params.minP(),
                params.repetitionPenalty(),
                params.seed() + choice);
        EngineRequest request;
        try {
            request = prompt.sampling(own).adjustments(adjustments).stop(stop.toArray(String[]::new));
        } catch (IllegalArgumentException e) {
            throw HttpException.field("stop", String.valueOf(e.getMessage()));
        }
        request = maxTokens > 0 ? request.maxTokens(maxTokens) : request;
        request = ignoreEnd ? request.ignoreEnd() : request;
        return logprobs == null ? request : request.logprobs(logprobs);
    }
}
