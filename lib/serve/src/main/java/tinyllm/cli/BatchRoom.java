package tinyllm.cli;

import java.util.List;
import java.util.Map;
import tinyllm.model.CausalLm;

/** Tells a user of {@code batch} why a line does not fit, and which of its options or fields would make it fit. */
final class BatchRoom {
    private final CausalLm model;
    private final boolean raw;
    private final int capacity;

    /**
     * @param raw whether prompts stand without the chat template
     * @param capacity tokens that prompt and answer may have together
     */
    BatchRoom(CausalLm model, boolean raw, int capacity) {
        this.model = model;
        this.raw = raw;
        this.capacity = capacity;
    }

    /** What to change for a line that was refused because it is too long. */
    String sentence(BatchLine line) {
        return sentence(
                promptTokens(line.prompt()),
                line.maxTokens(),
                line.ownMaxTokens(),
                capacity,
                model.config().maxPositionEmbeddings());
    }

    private int promptTokens(String prompt) {
        if (raw) {
            return model.tokenizer().encode(prompt).length;
        }
        List<Map<String, Object>> messages = List.of(Map.of("role", "user", "content", prompt));
        return model.tokenizer().encode(model.chatTemplate().render(messages, List.of(), true)).length;
    }

    /** Of a text that is longer than the cache's pages or the context hold. */
    static String sentence(int prompt, int most, boolean ownMost, int capacity, int context) {
        String has = "the prompt has " + prompt + " tokens";
        if (prompt >= context) {
            return has + ", but the model's context holds " + context + " with the answer: shorten the prompt";
        }
        String option = ownMost ? "\"max_tokens\"" : "--max-tokens";
        String less = option + " " + (capacity - prompt) + " or less";
        long both = (long) prompt + most;
        String change;
        if (capacity == context) {
            change = "give " + less;
        } else if (both > context) {
            change = "give " + option + " " + (context - prompt) + " or less and --cache-tokens " + context;
        } else {
            change = "give --cache-tokens " + both + " or more" + (prompt < capacity ? ", or " + less : "");
        }
        return has + " and its answer may have " + most + " (" + option + "), but both together may have " + capacity
                + (capacity < context ? " (--cache-tokens): " : " (the model's context): ") + change;
    }
}
