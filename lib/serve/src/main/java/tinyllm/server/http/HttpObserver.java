package tinyllm.server.http;

/** Hears of connections and answers, for metrics. Called on the server's threads: it must not wait. */
public interface HttpObserver {

    /** The status of an answer that its client did not wait for. */
    int CLIENT_GONE = 499;

    /** Hears nothing. */
    HttpObserver NONE = new HttpObserver() {};

    /** A connection was opened (1) or closed (-1). */
    default void connections(int change) {}

    /**
     * An answer is finished, or its client is gone.
     *
     * @param route the route's path; "other" when no route was found
     * @param status of the answer; {@link #CLIENT_GONE} when the client left before its end
     * @param seconds since the request's header was complete
     */
    default void answered(String route, int status, double seconds) {}
}
