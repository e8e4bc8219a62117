package tinyllm.lab;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import tinyllm.lab.chart.TreePainter;
import tinyllm.lab.chart.TreePainter.Node;
import tinyllm.lab.view.Picture;
import tinyllm.text.BpeTokenizer;
import tinyllm.text.MergeFn;
import tinyllm.text.MergeLoop;
import tinyllm.text.Merges;
import tinyllm.text.Tokenizer;

/** How a word's bytes became tokens, merge by merge (chapter 0.2). */
public final class MergeTree {

    private record Step(int left, int right, int result, int rank) {}

    private record Symbol(int id, Node node) {}

    private final BpeTokenizer tokenizer;
    private final String word;

    private MergeTree(BpeTokenizer tokenizer, String word) {
        this.tokenizer = tokenizer;
        this.word = word;
    }

    /**
     * The merges that a learner's loop makes for one word.
     *
     * @param word one piece of text, such as {@code " unbelievable"} with its blank; at most 40 bytes
     * @throws IllegalArgumentException when the tokenizer would cut it into several pieces
     */
    public static Picture of(Tokenizer tokenizer, String word, Supplier<? extends MergeFn> loop) {
        if (!(tokenizer instanceof BpeTokenizer bpe)) {
            throw new IllegalArgumentException("this tokenizer does not merge bytes, so there is no tree to draw");
        }
        List<String> pieces = bpe.pieces(word);
        if (pieces.size() != 1 || word.getBytes(StandardCharsets.UTF_8).length > 40) {
            throw new IllegalArgumentException("a tree is about one piece of at most 40 bytes, and \"" + word + "\" is "
                    + pieces.size() + " pieces: " + String.join(" | ", pieces));
        }
        return new MergeTree(bpe, pieces.getFirst()).draw(loop.get());
    }

    private Picture draw(MergeFn loop) {
        byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
        int[] symbols = new int[bytes.length];
        Arrays.setAll(symbols, i -> tokenizer.byteToken(bytes[i] & 0xFF));
        Recorded recorded = new Recorded(tokenizer.merges());
        int[] merged = loop.merge(symbols.clone(), recorded);
        List<Symbol> trees = replay(bytes, symbols, recorded.steps);
        boolean own = Arrays.equals(merged, trees.stream().mapToInt(Symbol::id).toArray());
        if (!own) {
            // The loop asked for results that it did not use, so its order is unknown; the result is the same tree or
            // the check's matter.
            Recorded library = new Recorded(tokenizer.merges());
            new MergeLoop().merge(symbols.clone(), library);
            trees = replay(bytes, symbols, library.steps);
        }
        int steps = bytes.length - trees.size();
        String tokens = trees.size() == 1 ? "one token" : trees.size() + " tokens";
        String title = bytes.length + " bytes, " + steps + " merges, " + tokens;
        String below = "bottom: bytes; above: what they became, at which step, by the merge of which rank"
                + (own ? "" : " (the library's order)");
        String text = title + ": "
                + String.join(
                        " | ", trees.stream().map(tree -> tree.node().label()).toList()) + ".";
        return TreePainter.paint(title, trees.stream().map(Symbol::node).toList(), below, text);
    }

    /** Each step joins the leftmost such pair. */
    private List<Symbol> replay(byte[] bytes, int[] symbols, List<Step> steps) {
        List<Symbol> now = new ArrayList<>();
        for (int i = 0; i < symbols.length; i++) {
            String hex = "%02X".formatted(bytes[i]);
            now.add(new Symbol(symbols[i], new Node(Tokens.label(new byte[] {bytes[i]}), hex, null, null)));
        }
        int count = 0;
        for (Step step : steps) {
            for (int i = 0; i + 1 < now.size(); i++) {
                if (now.get(i).id() == step.left() && now.get(i + 1).id() == step.right()) {
                    String note = ++count + ". rank " + step.rank();
                    String label = Tokens.label(tokenizer.bytes(step.result()));
                    Symbol right = now.remove(i + 1);
                    Node node = new Node(label, note, now.get(i).node(), Objects.requireNonNull(right.node()));
                    now.set(i, new Symbol(step.result(), node));
                    break;
                }
            }
        }
        return now;
    }

    /** Writes down which results a loop asks for. */
    private static final class Recorded implements Merges {
        private final Merges merges;
        private final List<Step> steps = new ArrayList<>();

        Recorded(Merges merges) {
            this.merges = merges;
        }

        @Override
        public int rank(int left, int right) {
            return merges.rank(left, right);
        }

        @Override
        public int result(int left, int right) {
            int result = merges.result(left, right);
            steps.add(new Step(left, right, result, merges.rank(left, right)));
            return result;
        }
    }
}
