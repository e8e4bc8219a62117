package tinyllm.server.http;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Names for requests. */
final class RequestIds {

    private RequestIds() {}

    /** The client's own, when it is fit for a log line; else a new one. */
    static String of(@Nullable String sent) {
        if (sent != null && sent.matches("[A-Za-z0-9._-]{1,64}")) {
            return sent;
        }
        return "req-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }
}
