package tinyllm.engine;

import java.util.Set;
import tinyllm.sampling.grammar.TokenSet;

/**
 * The tokens that may come next under a constraint: those that go on along it, and what ends a text where it may end.
 *
 * @param ends ids that end the text; empty where it may not end
 */
public record TokenMask(TokenSet allowed, Set<Integer> ends) {

    /** Whether a token may come. */
    boolean has(int id) {
        return allowed.has(id) || ends.contains(id);
    }

    /** A bit for each id below a vocabulary's size, 32 in a number, the lowest first. */
    int[] words(int vocabulary) {
        int[] words = allowed.words(vocabulary);
        for (int id : ends) {
            if (id < vocabulary) {
                words[id >> 5] |= 1 << id;
            }
        }
        return words;
    }

    /** Makes what may not come {@code -inf}, in place, and leaves the rest. */
    void addTo(float[] row) {
        float[] kept = new float[ends.size()];
        int i = 0;
        for (int id : ends) {
            kept[i++] = row[id];
        }
        allowed.addTo(row);
        i = 0;
        for (int id : ends) {
            row[id] = kept[i++];
        }
    }
}
