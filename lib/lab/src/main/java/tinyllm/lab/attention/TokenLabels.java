package tinyllm.lab.attention;

import java.util.ArrayList;
import java.util.List;
import tinyllm.text.Tokenizer;

/** Tokens as axis labels: blanks, newlines and half characters made visible. */
public final class TokenLabels {

    private static final int LONGEST = 14;

    private TokenLabels() {}

    /** One label per token. */
    public static List<String> of(Tokenizer tokenizer, int[] tokens) {
        List<String> labels = new ArrayList<>();
        for (int token : tokens) {
            String text = tokenizer.decode(token);
            labels.add(text.indexOf('\ufffd') >= 0 ? hex(tokenizer.bytes(token)) : visible(text));
        }
        return labels;
    }

    /**
     * The last position before {@code end} whose label is this word, with or without its blank.
     *
     * @throws IllegalArgumentException when there is none; the message lists the tokens
     */
    public static int last(List<String> labels, String word, int end) {
        String wanted = word.strip();
        for (int i = end - 1; i >= 0; i--) {
            if (labels.get(i).replace("·", "").equals(wanted)) {
                return i;
            }
        }
        throw new IllegalArgumentException("there is no token \"" + wanted + "\" among the first " + end + ": "
                + String.join(" ", labels.subList(0, end)) + ". Name one of these");
    }

    private static String visible(String text) {
        String shown =
                text.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥").replaceAll("\\p{Cntrl}", "¤");
        return shown.length() <= LONGEST ? shown : shown.substring(0, LONGEST - 1) + "…";
    }

    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) {
            out.append(String.format("%02X", b));
        }
        return out.toString();
    }
}
