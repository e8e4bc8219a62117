package tinyllm.sampling.grammar;

import java.util.stream.IntStream;

/** Tokens that may come next. Immutable once it is handed out. */
public final class TokenSet {
    private final long[] bits;
    private long longest; // fewest bytes to an end after the worst of them

    TokenSet(int vocabulary) {
        bits = new long[(vocabulary + 63) / 64];
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

    /** The ids, rising. */
    public IntStream ids() {
        return IntStream.range(0, bits.length * 64).filter(this::has);
    }
}
