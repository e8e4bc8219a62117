package tinyllm.text;

/** Which two neighbouring tokens may become one, and in which order: a tokenizer's learnt table. Immutable. */
public interface Merges {

    /** The rank of a pair that never merges: worse than every real one. */
    int NEVER = Integer.MAX_VALUE;

    /** The rank of a pair, 0 for the one that merges before all others; {@link #NEVER} when no merge joins the two. */
    int rank(int left, int right);

    /**
     * The token that the two become.
     *
     * @throws IllegalArgumentException when no merge joins the two
     */
    int result(int left, int right);
}
