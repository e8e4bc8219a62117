package tinyllm.server.http;

/** Texts as frames of server-sent events. */
final class Frames {

    private Frames() {}

    /**
     * One event. Every line of the data gets a {@code data:} of its own, so that no text can begin a frame.
     *
     * @param name empty for none
     */
    static String event(String name, String data) {
        StringBuilder frame = new StringBuilder(data.length() + 32);
        if (!name.isEmpty()) {
            if (!name.matches("[A-Za-z0-9._-]+")) {
                throw new IllegalArgumentException(
                        "an event's name has letters, digits and ._-, but this one has others");
            }
            frame.append("event: ").append(name).append('\n');
        }
        lines("data: ", data, frame);
        return frame.append('\n').toString();
    }

    static String comment(String text) {
        StringBuilder frame = new StringBuilder(text.length() + 8);
        lines(": ", text, frame);
        return frame.append('\n').toString();
    }

    private static void lines(String begin, String text, StringBuilder frame) {
        for (String line : text.split("\r\n|\r|\n", -1)) {
            frame.append(begin).append(line).append('\n');
        }
    }
}
