package tinyllm.lab.exercises.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Locale;
import tinyllm.stream.DeltaFn;

/** From bytes to text in small parts, so that a wrong answer differs from the right one in one of them. */
class DeltaSteps implements DeltaFn {

    private byte[] waiting = {};

    /** How many bytes a character has that begins so. */
    int length(byte first) {
        return Math.max(1, Integer.numberOfLeadingZeros(~(first << 24)));
    }

    /** How many of these bytes are whole characters. */
    int complete(byte[] all) {
        int begin = all.length - 1;
        while (begin > 0 && (all[begin] & 0xC0) == 0x80) {
            begin--;
        }
        return begin < 0 || begin + length(all[begin]) <= all.length ? all.length : begin;
    }

    byte[] rest(byte[] all, int complete) {
        return Arrays.copyOfRange(all, complete, all.length);
    }

    String decode(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    @Override
    public String push(byte[] token) {
        byte[] all = Arrays.copyOf(waiting, waiting.length + token.length);
        System.arraycopy(token, 0, all, waiting.length, token.length);
        int complete = complete(all);
        waiting = rest(all, complete);
        return decode(Arrays.copyOf(all, complete));
    }

    @Override
    public String finish() {
        String last = decode(waiting);
        waiting = new byte[0];
        return last;
    }

    /** With backslashes before backslashes and quotation marks. */
    String marks(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    String control(char c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format(Locale.ROOT, "\\u%04x", (int) c);
        };
    }

    @Override
    public String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char c : marks(text).toCharArray()) {
            json.append(c < ' ' ? control(c) : String.valueOf(c));
        }
        return json.append('"').toString();
    }
}
