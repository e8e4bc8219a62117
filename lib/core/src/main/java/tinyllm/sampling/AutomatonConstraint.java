package tinyllm.sampling;

import java.util.BitSet;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.text.Tokenizer;

/**
 * Holds a text to what an automaton over bytes accepts, by a mask that may be a learner's (chapter 4.3). Unlike {@link JsonConstraint} it
 * does not lead a text to its end when tokens run short.
 */
public final class AutomatonConstraint implements TokenConstraint {

    private final Ready ready;
    private int state;

    private AutomatonConstraint(Ready ready) {
        this.ready = ready;
        this.state = ready.automaton.start();
    }

    /** An automaton and its masks, made ready for one tokenizer; shared by all texts of one thread. */
    public static final class Ready {
        private final ByteAutomaton automaton;
        private final AllowedTokensFn mask;
        private final Tokenizer tokenizer;
        private final int end;

        /**
         * @param mask begins anew here
         * @param end the id that ends a text
         */
        public Ready(ByteAutomaton automaton, AllowedTokensFn mask, Tokenizer tokenizer, int end) {
            this.automaton = automaton;
            this.mask = mask;
            this.tokenizer = tokenizer;
            this.end = end;
            mask.begin(automaton, TokenTrie.of(tokenizer).root(), end);
        }

        /** The constraint of a new text. */
        public AutomatonConstraint start() {
            return new AutomatonConstraint(this);
        }

        private BitSet mask(int state) {
            BitSet allowed = mask.allowed(state);
            if (allowed == null) {
                throw new IllegalStateException("the mask of state " + state + " is null");
            }
            return allowed;
        }
    }

    /** The state that the text so far has led to. */
    public int state() {
        return state;
    }

    @Override
    public TokenSet allowed(int tokensLeft) {
        BitSet only = (BitSet) ready.mask(state).clone();
        only.clear(ready.end); // the engine asks for it by mayEnd
        return TokenSet.of(only, ready.tokenizer.vocabSize());
    }

    @Override
    public boolean mayEnd() {
        return ready.mask(state).get(ready.end);
    }

    @Override
    public void accept(int token) {
        int now = state;
        for (byte b : ready.tokenizer.bytes(token)) {
            now = now < 0 ? now : ready.automaton.next(now, b & 255);
        }
        if (now < 0 || ready.tokenizer.isSpecial(token)) {
            throw new IllegalArgumentException("token " + token + " (\"" + ready.tokenizer.decode(token)
                    + "\") was in the mask, and the automaton does not take its bytes in state " + state);
        }
        state = now;
    }
}
