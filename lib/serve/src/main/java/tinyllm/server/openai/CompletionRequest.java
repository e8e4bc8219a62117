package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.List;
import tinyllm.engine.EngineRequest;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads what {@code POST /v1/completions} gets: texts or ids to be continued as they stand. Special tokens written in a text are parsed,
 * as vLLM and llama-server do: who asks here writes the whole prompt, as an editor does with {@code <|fim_prefix|>}.
 */
final class CompletionRequest {

    /** Ids of one prompt, and of all: more than any context. */
    private static final int MAX_IDS = 1 << 20;

    /**
     * Without max_tokens a completion is this short, here as at OpenAI and in vLLM: a raw prompt seldom brings an end token. Where a long
     * prompt leaves less room, it is shorter still.
     */
    private static final int DEFAULT_MAX_TOKENS = 16;

    private CompletionRequest() {}

    static Job read(ObjectNode body, ServedModels models) {
        Fields in = new Fields(body, "");
        ServedModel model = models.named(in);
        Sampling sampling = Sampling.read(in, "max_tokens");
        List<EngineRequest> prompts = prompts(in, model);
        if (prompts.size() * sampling.n() > Sampling.MAX_N) {
            throw HttpException.field(
                    "n",
                    prompts.size() + " prompts with n = " + sampling.n() + " are more than " + Sampling.MAX_N
                            + " answers: send fewer at once");
        }
        Integer bestOf = in.whole("best_of", 1, Sampling.MAX_N);
        if (bestOf != null && bestOf != sampling.n()) {
            throw Fields.unsupportedField(
                    "best_of", "best_of must be n: this server gives back every answer that it makes");
        }
        Integer logprobs = in.whole("logprobs", 0, EngineRequest.TOP_LOGPROBS);
        boolean streams = in.flag("stream", false);
        boolean usage = ChatRequest.includeUsage(in, streams);
        if (in.flag("echo", false)) {
            throw Fields.unsupportedField("echo", "echo is not supported: an answer holds what the model wrote alone");
        }
        in.unsupported("suffix");
        ChatRequest.harmless(in);
        in.end();
        List<EngineRequest> requests = new ArrayList<>();
        for (EngineRequest prompt : prompts) {
            for (int i = 0; i < sampling.n(); i++) {
                requests.add(sampling.apply(prompt.usualTokens(DEFAULT_MAX_TOKENS), i, logprobs));
            }
        }
        return new Job(
                model,
                requests,
                streams,
                new CompletionWriter(model, requests.size(), sampling.n(), streams, usage, logprobs != null));
    }

    private static List<EngineRequest> prompts(Fields in, ServedModel model) {
        JsonNode value = in.any("prompt");
        if (value == null) {
            throw HttpException.field("prompt", "prompt is missing");
        }
        if (!(value instanceof ArrayNode list)) {
            return List.of(one(value, "prompt", model));
        }
        if (list.isEmpty()) {
            throw HttpException.field("prompt", "prompt is empty: give at least one text or id");
        }
        if (list.get(0).isNumber()) {
            return List.of(one(list, "prompt", model));
        }
        if (list.size() > Sampling.MAX_N) {
            throw in.wrong("prompt", "a list of " + Sampling.MAX_N + " prompts at most");
        }
        List<EngineRequest> all = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            all.add(one(list.get(i), "prompt[" + i + "]", model));
        }
        return all;
    }

    private static EngineRequest one(JsonNode value, String field, ServedModel model) {
        if (value.isString()) {
            if (value.stringValue().isEmpty()) {
                throw HttpException.field(field, field + " is empty: give at least one character");
            }
            return EngineRequest.textWithSpecials(value.stringValue());
        }
        if (!(value instanceof ArrayNode list) || list.isEmpty() || list.size() > MAX_IDS) {
            throw HttpException.field(
                    field, field + " must be a text, or a list of ids, and is " + Fields.shown(value));
        }
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = list.get(i);
            boolean known = id.isIntegralNumber()
                    && id.canConvertToInt()
                    && model.tokenizer().has(id.intValue());
            if (!known) {
                throw HttpException.field(
                        field,
                        field + "[" + i + "] must be the id of a token, 0…"
                                + (model.tokenizer().vocabSize() - 1) + ", but is " + Fields.shown(id));
            }
            ids[i] = id.intValue();
        }
        return EngineRequest.tokens(ids);
    }
}
