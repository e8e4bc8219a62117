package tinyllm.sampling;

import tinyllm.sampling.grammar.TokenSet;

/** Which tokens one text may go on with. One for each sequence; for one thread at a time. */
public interface TokenConstraint {

    /**
     * Ids that may come next; empty when the text is whole and nothing may follow but an end token.
     *
     * @param tokensLeft tokens that may still be written, this one included: near the end only those stay that still lead to an end
     */
    TokenSet allowed(int tokensLeft);

    /** true when every token may come, and nobody has to ask which. */
    default boolean free() {
        return false;
    }

    /** true when the text may end here. */
    boolean mayEnd();

    /**
     * Goes on by one token.
     *
     * @throws IllegalArgumentException when it may not come next
     */
    void accept(int token);
}
