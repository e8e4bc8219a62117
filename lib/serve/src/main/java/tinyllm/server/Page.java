package tinyllm.server;

import java.io.IOException;
import java.io.InputStream;
import tinyllm.server.http.Handler;
import tinyllm.server.http.Header;

/** The files of the page at {@code /}, out of the jar. */
final class Page {

    /** Nothing but what this server itself sends is loaded, run or asked, and no other page frames this one. */
    private static final Header POLICY = new Header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

    private static final Header NO_REFERRER = new Header("Referrer-Policy", "no-referrer");

    private Page() {}

    /** @throws IllegalStateException when the jar lacks the file */
    static Handler file(String name) {
        byte[] bytes = read(name);
        String type = name.endsWith(".js") ? "text/javascript" : name.endsWith(".css") ? "text/css" : "text/html";
        return e -> e.answer(200, type + "; charset=utf-8", bytes, POLICY, NO_REFERRER);
    }

    private static byte[] read(String name) {
        try (InputStream in = Page.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the library's jar lacks the page's file " + name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("the library's jar cannot be read", e);
        }
    }
}
