package tinyllm.server.openai;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import tinyllm.engine.Likely;
import tinyllm.engine.Token;
import tinyllm.text.Tokenizer;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the answers of all three protocols have in common. */
final class Words {

    private Words() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** A name that nobody has used before. */
    static String id(String prefix) {
        return prefix + UUID.randomUUID().toString().replace("-", "");
    }

    /** Counts, by the names of chat and completions. */
    static ObjectNode usage(int prompt, int cached, int answer) {
        ObjectNode usage = object().put("prompt_tokens", prompt)
                .put("completion_tokens", answer)
                .put("total_tokens", prompt + answer);
        usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
        return usage;
    }

    /** A token's own text; parts of characters are U+FFFD, and its bytes tell. */
    static String text(Tokenizer tokenizer, int id) {
        return tokenizer.has(id) ? tokenizer.decode(id) : "";
    }

    /** An entry of {@code logprobs.content}. */
    static ObjectNode logprob(Tokenizer tokenizer, Token token) {
        ObjectNode entry = logprob(tokenizer, token.id(), token.logprob());
        ArrayNode top = entry.putArray("top_logprobs");
        for (Likely likely : token.top()) {
            top.add(logprob(tokenizer, likely.id(), likely.logprob()));
        }
        return entry;
    }

    private static ObjectNode logprob(Tokenizer tokenizer, int id, double logprob) {
        ObjectNode entry = object().put("token", text(tokenizer, id)).put("logprob", finite(logprob));
        ArrayNode bytes = entry.putArray("bytes");
        for (byte b : tokenizer.has(id) ? tokenizer.bytes(id) : new byte[0]) {
            bytes.add(b & 255);
        }
        return entry;
    }

    /** JSON has no infinity; OpenAI writes -9999 for what is next to impossible. */
    static double finite(double logprob) {
        return logprob > -9999 ? logprob : -9999;
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static int sum(List<Integer> counts) {
        return counts.stream().mapToInt(Integer::intValue).sum();
    }
}
