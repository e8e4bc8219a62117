package tinyllm.lab.kernel;

import java.util.Base64;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.view.Rich;

/** Every form of a value, by MIME type, as Jupyter's messages carry it. */
final class Forms {

    /** Takes one form. */
    interface Sink {
        /**
         * Takes it.
         *
         * @param data text, or a picture's bytes in base64
         * @param width in CSS pixels; 0 for the picture's own
         */
        void put(String mime, String data, int width);
    }

    private Forms() {}

    /**
     * Hands all forms of the value to the sink. An error in a renderer would hang a kernel for good, so nothing is let out:
     * whatever goes wrong becomes a line of text.
     */
    static void fill(Supplier<Rich> source, Sink sink) {
        try {
            Rich value = source.get();
            image("image/png", value.png(), value.width(), sink);
            image("image/gif", value.gif(), value.width(), sink);
            String html = value.html();
            if (html != null) {
                sink.put("text/html", html, 0);
            }
            sink.put("text/plain", value.text(), 0);
        } catch (Throwable t) {
            sink.put("text/plain", "This value can't be shown: " + describe(t), 0);
        }
    }

    private static void image(String mime, byte @Nullable [] bytes, int width, Sink sink) {
        if (bytes != null) {
            sink.put(mime, Base64.getEncoder().encodeToString(bytes), width);
        }
    }

    private static String describe(Throwable t) {
        try {
            return t.toString();
        } catch (Throwable worse) {
            return t.getClass().getName();
        }
    }
}
