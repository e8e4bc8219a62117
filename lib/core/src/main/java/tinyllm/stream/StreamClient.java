package tinyllm.stream;

/** Who asked, at the other end of a connection. */
public interface StreamClient {

    /**
     * Sends whole events; an empty text sends nothing.
     *
     * @throws ClientLeftException when the client has closed its connection, and this was found out
     */
    void send(String events);

    /**
     * Runs something when the client has left, as soon as that is known, even while nothing is being sent: once, on another thread, at any
     * moment until {@link #close}; at once when it has left already.
     */
    void onGone(Runnable action);

    /** Ends the answer. Must come, whatever happened. */
    void close();
}
