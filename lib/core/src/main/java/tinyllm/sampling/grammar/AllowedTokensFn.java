package tinyllm.sampling.grammar;

import java.util.BitSet;

/** Which tokens may come next in a state of an automaton (chapter 4.3). For one thread at a time. */
public interface AllowedTokensFn {

    /**
     * Begins with another automaton or another vocabulary: what was known of the last one counts no more.
     *
     * @param root of the vocabulary's tree; tokens without text are not in it
     * @param end the id of the token that ends a text, one that is not in the tree
     */
    void begin(ByteAutomaton automaton, TokenNode root, int end);

    /**
     * The ids whose bytes, all of them, the automaton takes from this state on; and the end where the text may end.
     *
     * @param state 0 or more
     */
    BitSet allowed(int state);
}
