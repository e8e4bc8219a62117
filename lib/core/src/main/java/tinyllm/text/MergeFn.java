package tinyllm.text;

/** The loop at the heart of byte-level BPE (chapter 0.2): neighbours merge until no pair of them can. */
@FunctionalInterface
public interface MergeFn {

    /**
     * Merges again and again the pair with the lowest rank, among equal ranks the leftmost, until no pair has one.
     *
     * @param symbols one token for each byte of a piece of text; −1 for a byte that has no token, which joins nothing and stays
     * @return the tokens that are left, from left to right
     */
    int[] merge(int[] symbols, Merges merges);
}
