package tinyllm.stream;

/** A request that the engine works on, as the thread sees it that writes to its client. */
public interface StreamedAnswer {

    StreamHead head();

    /** Waits for what comes next. After an {@link StreamPiece.End} or {@link StreamPiece.Failed} nothing comes. */
    StreamPiece next();

    /**
     * Tells the engine that nobody wants the answer any more: before its next step the request leaves queue or batch, and its pages are
     * given back. For any thread. Once, and not after the end: what was given back is not the request's any more.
     */
    void cancel();
}
