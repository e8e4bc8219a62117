package tinyllm.stream;

/** What comes next of an answer. */
public sealed interface StreamPiece {

    /** A token's bytes. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    record Text(byte[] bytes) implements StreamPiece {}

    /** Nothing came for a while: the request waits in the queue, or its prompt is long. */
    record Pause() implements StreamPiece {}

    /** The answer is over, and what the request held has been given back. */
    record End(String finishReason, int promptTokens, int completionTokens) implements StreamPiece {}

    /** The request has failed, or was cancelled, and what it held has been given back. */
    record Failed(String message) implements StreamPiece {}
}
