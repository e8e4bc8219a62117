package tinyllm.stream;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tinyllm.course.ReferenceUse;

/** An answer as {@code chat.completion.chunk} events. */
public final class ChatEvents implements EventStreamFn {

    private final DeltaFn deltas;
    private @Nullable StreamHead head;

    public ChatEvents() {
        this(new Deltas());
    }

    /** With another way from bytes to text. */
    public ChatEvents(DeltaFn deltas) {
        this.deltas = deltas;
    }

    @Override
    public String begin(StreamHead first) {
        ReferenceUse.note("3.8 events");
        head = first;
        return chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null");
    }

    @Override
    public String token(byte[] bytes) {
        ReferenceUse.note("3.8 events");
        return content(deltas.push(bytes));
    }

    @Override
    public String end(String finishReason, int promptTokens, int completionTokens) {
        ReferenceUse.note("3.8 events");
        String events = content(deltas.finish()) + chunk("{}", deltas.quoted(finishReason));
        if (head().includeUsage()) {
            events += event(fields("[]") + ",\"usage\":{\"prompt_tokens\":" + promptTokens + ",\"completion_tokens\":"
                    + completionTokens + ",\"total_tokens\":" + (promptTokens + completionTokens) + "}}");
        }
        return events + event("[DONE]");
    }

    @Override
    public String keepAlive() {
        ReferenceUse.note("3.8 events");
        return ": keep-alive\n\n";
    }

    @Override
    public String failed(String message) {
        ReferenceUse.note("3.8 events");
        return event("{\"error\":{\"message\":" + deltas.quoted(message) + "}}");
    }

    private StreamHead head() {
        return Objects.requireNonNull(head, "begin comes first");
    }

    private String content(String text) {
        return text.isEmpty() ? "" : chunk("{\"content\":" + deltas.quoted(text) + "}", "null");
    }

    private String chunk(String delta, String finishReason) {
        return event(fields("[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finishReason + "}]") + "}");
    }

    /** An object that is still open. */
    private String fields(String choices) {
        return "{\"id\":" + deltas.quoted(head().id()) + ",\"object\":\"chat.completion.chunk\",\"created\":"
                + head().created() + ",\"model\":" + deltas.quoted(head().model()) + ",\"choices\":" + choices;
    }

    private static String event(String data) {
        return "data: " + data + "\n\n";
    }
}
