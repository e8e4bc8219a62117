package tinyllm.load;

/**
 * Sees a load while it runs, and says when a client leaves. Its methods are called by the thread of a request, or, as {@link #sent} and
 * {@link #ended} of an open loop, by the thread that runs the load: what these two throw there ends the load.
 */
public interface Watcher {

    /** Sees nothing; every client stays. */
    Watcher NONE = new Watcher() {};

    /** A request was sent. In a closed loop clients call this at once. */
    default void sent(int request) {}

    /**
     * Whether a client goes on reading; one that does not closes its connection, and its answer is not whole.
     *
     * @param events that brought something so far; 0 as soon as the server has answered
     */
    default boolean stays(int request, int events) {
        return true;
    }

    /** A piece of an answer's text came. Always by one thread for one request. */
    default void text(int request, String piece) {}

    /** An answer has ended, whole or not; in an open loop in the order in which requests arrived. */
    default void ended(Sample sample) {}
}
