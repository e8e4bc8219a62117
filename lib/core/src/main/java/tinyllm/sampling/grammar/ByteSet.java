package tinyllm.sampling.grammar;

import java.util.function.IntConsumer;

/** A set of byte values 0…255, 64 in each word. */
public record ByteSet(long w0, long w1, long w2, long w3) {

    static final ByteSet NONE = new ByteSet(0, 0, 0, 0);

    public static ByteSet of(int value) {
        return range(value, value);
    }

    /**
     * Both ends belong to it.
     *
     * @throws IllegalArgumentException unless 0 ≤ low ≤ high ≤ 255
     */
    public static ByteSet range(int low, int high) {
        if (low < 0 || low > high || high > 255) {
            throw new IllegalArgumentException("bytes from " + low + " to " + high + " are not in 0…255, rising");
        }
        return new ByteSet(word(0, low, high), word(1, low, high), word(2, low, high), word(3, low, high));
    }

    private static long word(int index, int low, int high) {
        int from = Math.max(low - 64 * index, 0);
        int to = Math.min(high - 64 * index, 63);
        return from > to ? 0 : (-1L << from) & (-1L >>> (63 - to));
    }

    public ByteSet or(ByteSet other) {
        return new ByteSet(w0 | other.w0, w1 | other.w1, w2 | other.w2, w3 | other.w3);
    }

    public boolean has(int value) {
        long word = value < 128 ? (value < 64 ? w0 : w1) : (value < 192 ? w2 : w3);
        return (word >>> value & 1) != 0; // a shift counts modulo 64
    }

    boolean isEmpty() {
        return (w0 | w1 | w2 | w3) == 0;
    }

    void forEach(IntConsumer each) {
        for (int value = 0; value < 256; value++) {
            if (has(value)) {
                each.accept(value);
            }
        }
    }
}
