package tinyllm.text;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The printable alphabet of byte-level vocabularies: each of the 256 bytes is written as one character. Visible Latin-1
 * characters stand for themselves; the other 68 bytes take U+0100 … U+0143 in rising order, so a space is written Ġ.
 */
final class ByteAlphabet {
    private static final char[] CHAR_OF_BYTE = new char[256];
    private static final short[] BYTE_OF_CHAR = new short[0x144];

    static {
        java.util.Arrays.fill(BYTE_OF_CHAR, (short) -1);
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean visible = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHAR_OF_BYTE[b] = visible ? (char) b : next++;
            BYTE_OF_CHAR[CHAR_OF_BYTE[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    static String write(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            text.append(CHAR_OF_BYTE[b & 0xFF]);
        }
        return text.toString();
    }

    /** The bytes that the text stands for, or null if a character of it is not of the alphabet. */
    static byte @Nullable [] read(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = text.charAt(i);
            if (c >= BYTE_OF_CHAR.length || BYTE_OF_CHAR[c] < 0) {
                return null;
            }
            bytes[i] = (byte) BYTE_OF_CHAR[c];
        }
        return bytes;
    }

    /** As {@link #read}; text outside the alphabet stands for its own UTF-8. */
    static byte[] readOrUtf8(String text) {
        byte[] bytes = read(text);
        return bytes != null ? bytes : text.getBytes(StandardCharsets.UTF_8);
    }
}
