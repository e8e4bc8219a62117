package tinyllm.engine;

/**
 * How much may wait at once, so that memory is bounded whatever arrives.
 *
 * @param requests that wait, 1 or more
 * @param promptBytes of text of all that wait, counted before it becomes tokens; an id counts as four
 * @param promptTokens of all that wait
 */
public record QueueBounds(int requests, long promptBytes, long promptTokens) {

    public QueueBounds {
        if (requests < 1 || promptBytes < 1 || promptTokens < 1) {
            throw new IllegalArgumentException("a queue of " + requests + " requests, " + promptBytes + " bytes and "
                    + promptTokens + " tokens holds nothing");
        }
    }

    /** 1,000 requests, 64 MB of text, 4 million tokens. */
    public static QueueBounds standard() {
        return new QueueBounds(1000, 64L << 20, 4_000_000);
    }

    public QueueBounds withRequests(int most) {
        return new QueueBounds(most, promptBytes, promptTokens);
    }

    public QueueBounds withPromptBytes(long most) {
        return new QueueBounds(requests, most, promptTokens);
    }

    public QueueBounds withPromptTokens(long most) {
        return new QueueBounds(requests, promptBytes, most);
    }
}
