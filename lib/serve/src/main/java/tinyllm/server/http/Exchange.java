package tinyllm.server.http;

/**
 * One request that has arrived whole, and its answer: either {@link #answer} or {@link #events}, once. Its methods may be called from any
 * thread.
 */
public interface Exchange {

    /** Names this request in every log line and in the answer's header {@code X-Request-Id}; at most 64 of {@code A-Za-z0-9._-}. */
    String requestId();

    /** In upper case: {@code GET}, {@code POST}, … */
    String method();

    /** The route's path, without the query. */
    String path();

    /** What stands behind the question mark, undecoded; empty without one. */
    String query();

    /** Of the request. */
    Headers headers();

    /** The body's bytes, of {@link HttpLimits#bodyBytes} at most; empty without one. The array is the caller's. */
    byte[] body();

    /**
     * Runs when the client has closed or reset its connection before the answer was finished, within 2 s of that even when nothing is being
     * written; at once when that has happened already. It runs once, on a thread of its own, and never after the answer is finished.
     */
    void onGone(Runnable action);

    /** Whether the client has closed its connection, was cut for reading too slowly, or the server was closed. */
    boolean gone();

    /**
     * Sends the whole answer. Nothing happens when the client is gone.
     *
     * @param status from 200 to 599
     * @param contentType as in {@code application/json}
     * @param headers more than the server writes itself: {@code Content-Type}, {@code Content-Length}, {@code X-Request-Id}
     * @throws IllegalStateException when this request was answered already
     */
    void answer(int status, String contentType, byte[] body, Header... headers);

    /**
     * Begins an answer of server-sent events: status and headers go out at once, and then a comment whenever nothing was written for
     * {@link HttpLimits#keepAlive}.
     *
     * @throws IllegalStateException when this request was answered already
     */
    EventWriter events();
}
