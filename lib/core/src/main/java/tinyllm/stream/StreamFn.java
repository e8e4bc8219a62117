package tinyllm.stream;

/** Brings one answer to its client, and ends the request when the client leaves (chapter 3.8). */
@FunctionalInterface
public interface StreamFn {

    /**
     * Sends the events of an answer from {@link EventStreamFn#begin} to its end, as they come; a {@link StreamPiece.Pause} becomes a
     * keep-alive. When the client leaves, noticed by {@link StreamClient#onGone} or by a {@link ClientLeftException}, whichever is first,
     * the answer is cancelled, at once and once. An answer that has ended or failed is not cancelled. The client is closed in any case, and
     * nothing is thrown because it left.
     *
     * @param events of this answer alone
     * @return how many pieces of text reached the client: for logs, and for bills
     */
    int stream(StreamedAnswer answer, StreamClient client, EventStreamFn events);
}
