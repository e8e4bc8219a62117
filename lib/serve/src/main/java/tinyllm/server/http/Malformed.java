package tinyllm.server.http;

import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import org.jspecify.annotations.Nullable;

/** What is no HTTP request. */
final class Malformed {

    private Malformed() {}

    static HttpException refusal(@Nullable Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return new HttpException(414, "the request's first line is too long");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return new HttpException(431, "the request's header is too large");
        }
        return new HttpException(400, "this is no well-formed HTTP request");
    }
}
