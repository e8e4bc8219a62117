package tinyllm.text;

import java.util.List;

/** Writes a conversation as the one text that a chat model was trained on (chapter 1.6). */
@FunctionalInterface
public interface PromptFn {

    /**
     * ChatML: every message as {@code <|im_start|>role\ncontent<|im_end|>\n}.
     *
     * @param messages in order; when the first is no system message, one with defaultSystem comes before it
     * @param addGenerationPrompt whether to end with {@code <|im_start|>assistant\n}, so that the model answers
     */
    String render(List<Message> messages, String defaultSystem, boolean addGenerationPrompt);
}
