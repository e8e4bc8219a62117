package tinyllm.weights.format;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** The rules for names in a file, and strict UTF-8. */
final class Names {
    /** ggml keeps 64 bytes with the closing NUL; Hugging Face's names are longer. */
    static final int GGUF_TENSOR_LIMIT = 64;

    static final int LIMIT = 256;

    private Names() {}

    static void check(String what, String name, int limit) {
        if (name.isEmpty()) {
            throw new FormatException(what + " has an empty name");
        }
        if (name.length() > limit) {
            throw new FormatException(what + " \"" + shown(name) + "\" has a name of " + name.length()
                    + " characters; the limit is " + limit);
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c) || c == '\\' || Character.isSurrogate(c)) {
                throw new FormatException(what + " \"" + shown(name) + "\" has the character U+"
                        + String.format("%04X", (int) c) + " in its name, at " + i);
            }
        }
        if (name.startsWith("/") || name.contains("..")) {
            throw new FormatException(what + " \"" + shown(name) + "\" has a name that looks like a path");
        }
    }

    /** Text from the file, cut and with control characters replaced, fit for a message. */
    static String shown(String text) {
        String cut = text.length() > 60 ? text.substring(0, 60) + "…" : text;
        StringBuilder out = new StringBuilder();
        cut.chars()
                .forEach(
                        c -> out.append(Character.isISOControl(c) || Character.isSurrogate((char) c) ? '?' : (char) c));
        return out.toString();
    }

    static String utf8(byte[] bytes, String what) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text; // what is not valid became U+FFFD
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(what + " is not valid UTF-8", e);
        }
    }
}
