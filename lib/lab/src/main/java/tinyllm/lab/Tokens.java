package tinyllm.lab;

import java.awt.Color;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tinyllm.lab.chart.TokenFrame;
import tinyllm.lab.view.Html;
import tinyllm.text.Tokenizer;

/** Tokens as labels and as coloured text. */
public final class Tokens {

    private Tokens() {}

    /** One visible label a token: a blank is "␣", a newline "↵", a tab "⇥", and bytes that are no whole character their codes. */
    public static List<String> labels(Tokenizer tokenizer, int... ids) {
        return IntStream.of(ids).mapToObj(id -> label(tokenizer.bytes(id))).toList();
    }

    /** The label of one token's bytes. */
    public static String label(byte[] bytes) {
        try {
            return visible(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return "⟨" + HexFormat.ofDelimiter(" ").withUpperCase().formatHex(bytes) + "⟩";
        }
    }

    private static String visible(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case ' ' -> out.append('␣');
                case '\n' -> out.append('↵');
                case '\r' -> out.append('␍');
                case '\t' -> out.append('⇥');
                default -> {
                    if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                        out.append("U+%04X".formatted(c));
                    } else {
                        out.appendCodePoint(c);
                    }
                }
            }
        });
        return out.isEmpty() ? "⟨⟩" : out.toString();
    }

    /**
     * Text whose pieces are coloured by their probability: pale where the model was sure, orange where it was surprised. The
     * pointer over a piece shows its note.
     *
     * @param pieces the text, token by token
     * @param probabilities one for each piece, in 0…1
     * @param notes one for each piece, such as the alternatives; empty list for the probability alone
     */
    public static Html colored(List<String> pieces, double[] probabilities, List<String> notes) {
        if (pieces.size() != probabilities.length || (!notes.isEmpty() && notes.size() != pieces.size())) {
            throw new IllegalArgumentException("there are " + pieces.size() + " pieces, " + probabilities.length
                    + " probabilities and " + notes.size() + " notes; each piece needs one of each");
        }
        StringBuilder html =
                new StringBuilder("<div style=\"white-space:pre-wrap;line-height:1.7;color:#111;background:#fff;"
                        + "padding:8px;border:1px solid #ddd\">");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < pieces.size(); i++) {
            double p = probabilities[i];
            String percent = String.format(Locale.ROOT, "%.1f %%", 100 * p);
            String note = notes.isEmpty() ? percent : percent + "\n" + notes.get(i);
            html.append("<span style=\"background:")
                    .append(background(p))
                    .append("\" title=\"")
                    .append(Html.escape(note))
                    .append("\">")
                    .append(Html.isolate(pieces.get(i)))
                    .append("</span>");
            text.append(pieces.get(i));
        }
        double surprise = probabilities.length == 0
                ? 0
                : IntStream.range(0, probabilities.length)
                        .mapToDouble(i -> probabilities[i])
                        .average()
                        .orElse(0);
        String summary =
                String.format(Locale.ROOT, "%d tokens, mean probability %.1f %%", pieces.size(), 100 * surprise);
        return new Html(html.append("</div><p>").append(summary).append("</p>").toString(), text + "\n" + summary);
    }

    /** White at 1, orange at 0; the same colour as in the film. */
    private static String background(double probability) {
        Color color = TokenFrame.background(probability);
        return "rgb(" + color.getRed() + "," + color.getGreen() + "," + color.getBlue() + ")";
    }
}
