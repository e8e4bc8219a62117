package tinyllm.stream;

/**
 * One answer as server-sent events, as OpenAI's clients read them (chapter 3.8). One object for one answer after another, for one thread. Each method
 * returns whole events: {@code data: …} and an empty line behind it.
 *
 * <p>An event's data is a JSON object, {@code {"id", "object": "chat.completion.chunk", "created", "model", "choices"}}, whose one choice
 * is {@code {"index": 0, "delta": {…}, "finish_reason": null}}.
 */
public interface EventStreamFn {

    /** The first event, before any token: its delta has {@code "role": "assistant"} and {@code "content": ""}. */
    String begin(StreamHead head);

    /**
     * An event whose delta's {@code content} are the characters that became complete.
     *
     * @param bytes of a token; must not be changed
     * @return empty when no character is complete
     */
    String token(byte[] bytes);

    /**
     * What ends an answer: a content event where the last character was never finished (U+FFFD); one with an empty delta and the
     * {@code finish_reason}; where the head asks for it one with {@code "choices": []} and {@code "usage": {"prompt_tokens",
     * "completion_tokens", "total_tokens"}}; and {@code data: [DONE]}, which is no JSON.
     *
     * @param finishReason such as {@code stop} or {@code length}
     */
    String end(String finishReason, int promptTokens, int completionTokens);

    /** A comment, which clients skip: it shows every proxy on the way that the connection lives. */
    String keepAlive();

    /** The end of an answer that failed: {@code {"error": {"message": …}}}, and no {@code [DONE]} after it. */
    String failed(String message);
}
