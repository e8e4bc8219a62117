package tinyllm.sampling;

import java.util.Arrays;

/**
 * A draw that walks from the most likely token on: those of a {@link Shortlist} by rank, then the rest by id. So a short list of a row
 * gives the token that the whole row would give.
 */
final class RankedDraw {

    private RankedDraw() {}

    /**
     * @param probabilities of which count from {@code from} on are the row, 0 or more each
     * @param u in [0, 1)
     * @return an index into the row whose probability is above 0
     */
    static int draw(float[] probabilities, int from, int count, double u) {
        double left = 0;
        for (int i = 0; i < count; i++) {
            left += probabilities[from + i];
        }
        left *= u;
        long[] best = best(probabilities, from, count);
        int last = 0;
        for (long key : best) {
            last = id(key);
            left -= probabilities[from + last];
            if (left < 0) {
                return last;
            }
        }
        for (int id = 0; id < count && best.length == Shortlist.USUAL; id++) {
            float p = probabilities[from + id];
            if (p > 0 && key(p, id) < best[best.length - 1]) {
                last = id;
                left -= p;
                if (left < 0) {
                    return id;
                }
            }
        }
        return last; // rounding left the sum a little below the total
    }

    /** Keys of the most likely tokens, the best first. */
    private static long[] best(float[] probabilities, int from, int count) {
        int most = Shortlist.USUAL;
        long[] keys = new long[4 * most];
        int kept = 0;
        long floor = 0;
        for (int id = 0; id < count; id++) {
            float p = probabilities[from + id];
            long key = key(p, id);
            if (p > 0 && key > floor) {
                keys[kept++] = key;
                if (kept == keys.length) {
                    Arrays.sort(keys);
                    System.arraycopy(keys, keys.length - most, keys, 0, most);
                    kept = most;
                    floor = keys[0];
                }
            }
        }
        long[] sorted = Arrays.copyOf(keys, kept);
        Arrays.sort(sorted);
        long[] best = new long[Math.min(most, kept)];
        Arrays.setAll(best, i -> sorted[sorted.length - 1 - i]);
        return best;
    }

    /** Larger for a larger probability, and for the lower id of equal ones: bits of floats above 0 are in their order. */
    private static long key(float p, int id) {
        return (long) Float.floatToIntBits(p) << 32 | Integer.MAX_VALUE - id;
    }

    private static int id(long key) {
        return Integer.MAX_VALUE - (int) key;
    }
}
