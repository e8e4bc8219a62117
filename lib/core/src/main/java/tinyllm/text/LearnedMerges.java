package tinyllm.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Merges learnt from a text, as a tokenizer's are: the most frequent pair of neighbours becomes a new token, again and again. Tokens
 * 0 … 255 are the bytes. For texts of a few pages: every merge counts all pairs anew (chapter 0.2).
 */
public final class LearnedMerges implements Merges {

    private static final int BYTES = 256;

    /**
     * One merge.
     *
     * @param rank its place in the order, from 0; its result is 256 + rank
     * @param count how often the pair stood in the text when it was chosen
     */
    public record Merge(int rank, int left, int right, String text, int count) {}

    private record Pair(int left, int right) {}

    private final List<Merge> merges = new ArrayList<>();
    private final MergeTable table;
    private final List<byte[]> bytes = new ArrayList<>();

    private LearnedMerges(int wanted) {
        table = new MergeTable(wanted);
        for (int b = 0; b < BYTES; b++) {
            bytes.add(new byte[] {(byte) b});
        }
    }

    /**
     * Learns from a text; stops early when no pair stands there twice. Pairs never cross the border of a word.
     *
     * @param wanted how many merges, 0 … 10,000
     */
    public static LearnedMerges learn(String text, int wanted) {
        if (wanted < 0 || wanted > 10_000) {
            throw new IllegalArgumentException("0 to 10,000 merges can be learnt here, not " + wanted);
        }
        LearnedMerges learned = new LearnedMerges(wanted);
        List<int[]> words = new ArrayList<>();
        PreTokenizer.GPT2.split(text, 0, text.length(), (from, to) -> words.add(symbols(text.substring(from, to))));
        while (learned.merges.size() < wanted && learned.learnOne(words)) {
            // Each turn adds one merge and shortens the words.
        }
        return learned;
    }

    /** One symbol for each byte of the text's UTF-8. */
    public static int[] symbols(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int[] symbols = new int[utf8.length];
        for (int i = 0; i < symbols.length; i++) {
            symbols[i] = utf8[i] & 0xFF;
        }
        return symbols;
    }

    private boolean learnOne(List<int[]> words) {
        Pair best = mostFrequent(words);
        if (best == null) {
            return false;
        }
        int result = BYTES + merges.size();
        byte[] joined = join(bytes.get(best.left), bytes.get(best.right));
        int count = 0;
        for (int i = 0; i < words.size(); i++) {
            int[] shorter = replace(words.get(i), best, result);
            count += words.get(i).length - shorter.length;
            words.set(i, shorter);
        }
        table.add(best.left, best.right, merges.size(), result);
        merges.add(new Merge(merges.size(), best.left, best.right, new String(joined, StandardCharsets.UTF_8), count));
        bytes.add(joined);
        return true;
    }

    /** Among equals the first in the text; null when none stands there twice. */
    private static @Nullable Pair mostFrequent(List<int[]> words) {
        Map<Pair, Integer> counts = new HashMap<>();
        List<Pair> order = new ArrayList<>();
        for (int[] word : words) {
            for (int i = 0; i + 1 < word.length; i++) {
                Pair pair = new Pair(word[i], word[i + 1]);
                if (counts.merge(pair, 1, Integer::sum) == 1) {
                    order.add(pair);
                }
            }
        }
        Pair best = null;
        int most = 1;
        for (Pair pair : order) {
            int count = counts.getOrDefault(pair, 0);
            if (count > most) {
                most = count;
                best = pair;
            }
        }
        return best;
    }

    private static int[] replace(int[] word, Pair pair, int result) {
        IntList out = new IntList();
        for (int i = 0; i < word.length; i++) {
            boolean here = i + 1 < word.length && word[i] == pair.left && word[i + 1] == pair.right;
            out.add(here ? result : word[i]);
            i += here ? 1 : 0;
        }
        return out.toArray();
    }

    private static byte[] join(byte[] left, byte[] right) {
        byte[] joined = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, joined, left.length, right.length);
        return joined;
    }

    /** What was learnt, by rank. */
    public List<Merge> list() {
        return List.copyOf(merges);
    }

    /** The text of these tokens. */
    public String text(int... ids) {
        byte[] all = {};
        for (int id : ids) {
            all = join(all, bytes.get(id));
        }
        return new String(all, StandardCharsets.UTF_8);
    }

    @Override
    public int rank(int left, int right) {
        return table.rank(left, right);
    }

    @Override
    public int result(int left, int right) {
        return table.result(left, right);
    }
}
