package tinyllm.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.Routes;

/** Writes what clients ask into the log: only where the server's owner wants that, for it is other people's text. */
public final class BodyLog {

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.prompts");

    private static final int MOST = 4000;

    private BodyLog() {}

    /** The same protocol, each body in a line of the log before it is answered. */
    public static Protocol around(Protocol protocol) {
        return engine -> {
            Routes logged = Routes.none();
            for (Routes.Route route : protocol.routes(engine).all()) {
                logged = logged.with(route.handledBy(e -> {
                    log(e);
                    route.handler().handle(e);
                }));
            }
            return logged;
        };
    }

    private static void log(Exchange e) {
        byte[] body = e.body();
        if (body.length > 0) {
            LOG.info("{} {}", e.requestId(), line(new String(body, UTF_8)));
        }
    }

    /** One line, whatever the text holds: nobody's text may look like a line of ours. */
    static String line(String text) {
        String shown = text.length() > MOST ? text.substring(0, MOST) + "… (" + text.length() + " characters)" : text;
        StringBuilder line = new StringBuilder(shown.length());
        shown.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || c == 0x2028 || c == 0x2029) {
                line.append(String.format("\\u%04x", c));
            } else {
                line.appendCodePoint(c);
            }
        });
        return line.toString();
    }
}
