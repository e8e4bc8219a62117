package tinyllm.text;

import java.util.List;
import tinyllm.course.ReferenceUse;

/** ChatML written out by hand, for conversations without tools; a checkpoint's own template stays the truth. */
public final class ChatMl implements PromptFn {

    @Override
    public String render(List<Message> messages, String defaultSystem, boolean addGenerationPrompt) {
        ReferenceUse.note("1.6 template");
        StringBuilder text = new StringBuilder();
        if (messages.isEmpty() || !messages.getFirst().role().equals("system")) {
            append(text, new Message("system", defaultSystem));
        }
        messages.forEach(message -> append(text, message));
        return addGenerationPrompt ? text.append("<|im_start|>assistant\n").toString() : text.toString();
    }

    private static void append(StringBuilder text, Message message) {
        text.append("<|im_start|>").append(message.role()).append('\n');
        text.append(message.content()).append("<|im_end|>\n");
    }
}
