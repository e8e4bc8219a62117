package tinyllm.lab;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tinyllm.lab.chart.TokenStrip;
import tinyllm.lab.chart.TokenStrip.Box;
import tinyllm.lab.view.Picture;
import tinyllm.text.BpeTokenizer;
import tinyllm.text.Tokenizer;

/** How a tokenizer cuts a text (chapter 0.2). */
public final class TokenCut {

    private TokenCut() {}

    /** The tokens of a text with their ids; tokens of one piece, inside which bytes merge, share a colour. */
    public static Picture of(Tokenizer tokenizer, String text) {
        int[] ids = tokenizer.encode(text);
        if (ids.length == 0) {
            throw new IllegalArgumentException("the text is empty: write something to cut");
        }
        List<String> labels = Tokens.labels(tokenizer, ids);
        int[] pieces = pieces(tokenizer, text, ids);
        List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            boxes.add(new Box(labels.get(i), Integer.toString(ids[i]), pieces[i]));
        }
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        String title = String.format(
                Locale.ROOT,
                "%d characters, %d bytes, %d tokens",
                text.codePointCount(0, text.length()),
                bytes,
                ids.length);
        String below = "One box for each token, its id below; ␣ is a blank, ⟨…⟩ bytes that are no whole character.";
        return TokenStrip.paint(title, boxes, below, title + ": " + String.join("|", labels));
    }

    /** For each token the piece that it lies in: a token never crosses the border of a piece. */
    private static int[] pieces(Tokenizer tokenizer, String text, int[] ids) {
        if (!(tokenizer instanceof BpeTokenizer bpe)) {
            return IntStream.range(0, ids.length).toArray();
        }
        int[] pieceOf = new int[ids.length];
        List<String> pieces = bpe.pieces(text);
        int piece = 0;
        int left = size(pieces.getFirst());
        for (int i = 0; i < ids.length; i++) {
            while (left <= 0 && piece + 1 < pieces.size()) {
                left += size(pieces.get(++piece));
            }
            pieceOf[i] = piece;
            left -= tokenizer.bytes(ids[i]).length;
        }
        return pieceOf;
    }

    private static int size(String piece) {
        return piece.getBytes(StandardCharsets.UTF_8).length;
    }
}
