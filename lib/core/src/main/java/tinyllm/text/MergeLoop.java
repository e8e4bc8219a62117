package tinyllm.text;

import java.util.Arrays;
import tinyllm.course.ReferenceUse;

/** Looks at all pairs for every merge: O(n²) for a piece of n bytes, where {@link BpeTokenizer}'s own way is O(n log n). */
public final class MergeLoop implements MergeFn {

    @Override
    public int[] merge(int[] symbols, Merges merges) {
        ReferenceUse.note("0.2 merge");
        int[] now = symbols.clone();
        int length = now.length;
        for (int best = best(now, length, merges); best >= 0; best = best(now, length, merges)) {
            now[best] = merges.result(now[best], now[best + 1]);
            System.arraycopy(now, best + 2, now, best + 1, length - best - 2);
            length--;
        }
        return Arrays.copyOf(now, length);
    }

    /** Where the pair of the lowest rank begins; −1 when none may merge. */
    private static int best(int[] symbols, int length, Merges merges) {
        int best = -1;
        int lowest = Merges.NEVER;
        for (int i = 0; i + 1 < length; i++) {
            int rank = merges.rank(symbols[i], symbols[i + 1]);
            if (rank < lowest) {
                lowest = rank;
                best = i;
            }
        }
        return best;
    }
}
