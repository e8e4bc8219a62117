package tinyllm.server;

import tinyllm.engine.RefusedException;
import tinyllm.server.http.HttpException;

/** What a client hears when no engine takes its request. */
public final class Refusals {

    /** Seconds that a client is asked to wait before it comes again. */
    private static final int RETRY = 1;

    private Refusals() {}

    /** 400, 429 or 503, by the engine's reason. */
    public static HttpException of(RefusedException refused) {
        String sentence = String.valueOf(refused.getMessage());
        return switch (refused.reason()) {
            case TOO_LONG -> new HttpException(400, sentence).code("context_length_exceeded");
            case BUSY -> new HttpException(429, sentence).code("queue_full").retryAfter(RETRY);
            case UNHEALTHY -> unavailable("the engine is restarting: try again later");
            case CLOSED -> draining();
        };
    }

    static HttpException draining() {
        return unavailable("the server is shutting down: try another, or this one later");
    }

    static HttpException unavailable(String sentence) {
        return new HttpException(503, sentence).code("unavailable").retryAfter(RETRY);
    }
}
