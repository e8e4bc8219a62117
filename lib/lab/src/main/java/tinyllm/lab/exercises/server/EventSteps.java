package tinyllm.lab.exercises.server;

import tinyllm.stream.Deltas;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamHead;

/** An event stream in small parts, so that a wrong answer differs from the right one in one of them. */
class EventSteps implements EventStreamFn {

    private final Deltas deltas = new Deltas();
    private StreamHead head = new StreamHead("", "", 0, false);

    StreamHead head() {
        return head;
    }

    String event(String data) {
        return "data: " + data + "\n\n";
    }

    String id() {
        return head.id();
    }

    String object() {
        return "chat.completion.chunk";
    }

    /** An object that is still open. */
    final String fields(String choices) {
        return "{\"id\":\"" + id() + "\",\"object\":\"" + object() + "\",\"created\":" + head.created()
                + ",\"model\":\"" + head.model() + "\",\"choices\":" + choices;
    }

    /** @param reason JSON */
    final String chunk(String delta, String reason) {
        return event(fields("[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + reason + "}]") + "}");
    }

    String first() {
        return chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null");
    }

    /** How a content event's own reason stands in it. */
    String goingOn() {
        return "null";
    }

    String quoted(String text) {
        return deltas.quoted(text);
    }

    String content(String text) {
        return text.isEmpty() ? "" : chunk("{\"content\":" + quoted(text) + "}", goingOn());
    }

    String text(byte[] bytes) {
        return deltas.push(bytes);
    }

    String tail() {
        return deltas.finish();
    }

    String last(String reason) {
        return chunk("{}", "\"" + reason + "\"");
    }

    boolean wantsUsage() {
        return head.includeUsage();
    }

    int total(int prompt, int completion) {
        return prompt + completion;
    }

    String usage(int prompt, int completion) {
        return event(fields("[]") + ",\"usage\":{\"prompt_tokens\":" + prompt + ",\"completion_tokens\":" + completion
                + ",\"total_tokens\":" + total(prompt, completion) + "}}");
    }

    String done() {
        return event("[DONE]");
    }

    @Override
    public final String begin(StreamHead given) {
        head = given;
        return first();
    }

    @Override
    public final String token(byte[] bytes) {
        return content(text(bytes));
    }

    @Override
    public String end(String finishReason, int promptTokens, int completionTokens) {
        return content(tail())
                + last(finishReason)
                + (wantsUsage() ? usage(promptTokens, completionTokens) : "")
                + done();
    }

    @Override
    public String keepAlive() {
        return ": keep-alive\n\n";
    }

    @Override
    public String failed(String message) {
        return event("{\"error\":{\"message\":" + deltas.quoted(message) + "}}");
    }
}
