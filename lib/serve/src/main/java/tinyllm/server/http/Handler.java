package tinyllm.server.http;

/** Answers the requests of one route. */
@FunctionalInterface
public interface Handler {

    /**
     * Answers one request, on a virtual thread of its own: it may wait. It calls {@link Exchange#answer} once, or {@link Exchange#events}.
     * What it throws becomes an answer: an {@link HttpException} as it says, anything else a 500 that says nothing of the inside. When events
     * have begun, it becomes one more, with the error's JSON as its data, and ends the stream. Returning without an answer is a 500 too, and
     * returning with an open {@link EventWriter} closes it.
     */
    void handle(Exchange exchange) throws Exception;
}
