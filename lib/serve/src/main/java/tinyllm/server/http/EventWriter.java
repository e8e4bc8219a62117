package tinyllm.server.http;

/**
 * Server-sent events, in the order of the calls. A client that reads more slowly than events come is buffered to
 * {@link HttpLimits#bufferedBytes}; then a call waits for room, and after {@link HttpLimits#slowReader} the client is cut.
 *
 * <p>Every method but {@link #close} throws {@link ClientGoneException} when the client is gone; a handler lets it pass.
 */
public interface EventWriter extends AutoCloseable {

    /**
     * Sends {@code data: …}. A text of several lines becomes several such lines, as the format asks for.
     *
     * @param data mostly a JSON object, or {@code [DONE]}
     */
    void event(String data);

    /**
     * The same with {@code event: NAME} before it.
     *
     * @param name of letters, digits and {@code ._-}
     */
    void event(String name, String data);

    /** Sends events that the caller has framed, byte for byte as they stand: whoever teaches the format writes it himself. */
    void framed(String events);

    /** Sends a line that clients skip. */
    void comment(String text);

    /** Ends the answer. Closing again does nothing. */
    @Override
    void close();
}
