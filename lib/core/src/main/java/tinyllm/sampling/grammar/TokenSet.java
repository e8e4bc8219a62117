package tinyllm.sampling.grammar;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/** Tokens that may come next. Immutable once it is handed out. */
public final class TokenSet {
    private final long[] bits;
    private long longest; // fewest bytes to an end after the worst of them

    TokenSet(int vocabulary) {
        bits = new long[(vocabulary + 63) / 64];
    }

    /** None at all. */
    public static TokenSet none(int vocabulary) {
        return new TokenSet(vocabulary);
    }

    /** Every id below a vocabulary's size. */
    public static TokenSet all(int vocabulary) {
        TokenSet all = new TokenSet(vocabulary);
        for (int id = 0; id < vocabulary; id++) {
            all.add(id, 0);
        }
        return all;
    }

    /** These ids; those that are not below the vocabulary's size are left out. How far the end is then is not known. */
    public static TokenSet of(BitSet ids, int vocabulary) {
        TokenSet set = new TokenSet(vocabulary);
        ids.stream().takeWhile(id -> id < vocabulary).forEach(id -> set.add(id, 0));
        return set;
    }

    void add(int id, long toEnd) {
        bits[id >> 6] |= 1L << id;
        longest = Math.max(longest, toEnd);
    }

    /** An upper bound of the bytes that are still needed after any of them. */
    long longest() {
        return longest;
    }

    public boolean has(int id) {
        return id >= 0 && id >> 6 < bits.length && (bits[id >> 6] >>> id & 1) != 0;
    }

    public boolean isEmpty() {
        for (long word : bits) {
            if (word != 0) {
                return false;
            }
        }
        return true;
    }

    public int size() {
        int sum = 0;
        for (long word : bits) {
            sum += Long.bitCount(word);
        }
        return sum;
    }

    /** Leaves a row of logits as it is where a token may come, and makes it {@code -inf} elsewhere. */
    public void addTo(float[] row) {
        for (int first = 0; first < row.length; first += 64) {
            int end = Math.min(row.length, first + 64);
            long word = first >> 6 < bits.length ? bits[first >> 6] : 0;
            if (word == 0) {
                Arrays.fill(row, first, end, Float.NEGATIVE_INFINITY);
            } else if (word != -1) {
                for (int id = first; id < end; id++) {
                    row[id] = (word >>> id & 1) != 0 ? row[id] : Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /** A bit for each id below a vocabulary's size, 32 in a number, the lowest first. */
    public int[] words(int vocabulary) {
        int[] words = new int[(vocabulary + 31) / 32];
        for (int i = 0; i < words.length && i >> 1 < bits.length; i++) {
            words[i] = (int) (bits[i >> 1] >>> 32 * (i & 1));
        }
        return words;
    }

    /** The ids, rising. */
    public IntStream ids() {
        return IntStream.range(0, bits.length * 64).filter(this::has);
    }
}
