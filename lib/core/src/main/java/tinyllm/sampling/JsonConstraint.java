package tinyllm.sampling;

import tinyllm.sampling.grammar.Grammar;
import tinyllm.sampling.grammar.Machine;
import tinyllm.sampling.grammar.TokenMasks;
import tinyllm.sampling.grammar.TokenSet;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.text.Tokenizer;

/**
 * Holds a text to a JSON Schema token by token: every token that would leave the schema's texts gets no probability, so what comes out
 * validates. Near the limit of tokens only those stay that still close every bracket in time.
 */
public final class JsonConstraint implements TokenConstraint {

    private final TokenMasks masks;
    private final Tokenizer tokenizer;
    private Machine.State state;

    private JsonConstraint(TokenMasks masks, Tokenizer tokenizer) {
        this.masks = masks;
        this.tokenizer = tokenizer;
        this.state = masks.start();
    }

    /** A schema made ready for one tokenizer; shared by all texts that are held to it, from any thread. */
    public static final class Ready {
        private final TokenMasks masks;
        private final Tokenizer tokenizer;

        /**
         * @param grammar of {@link tinyllm.sampling.json.JsonSchema#compile}
         * @throws tinyllm.sampling.grammar.GrammarException when no text satisfies it
         */
        public Ready(Grammar grammar, TokenTrie trie, Tokenizer tokenizer) {
            this.masks = new TokenMasks(trie, grammar);
            this.tokenizer = tokenizer;
        }

        /** The constraint of a new text. */
        public JsonConstraint start() {
            return new JsonConstraint(masks, tokenizer);
        }
    }

    @Override
    public TokenSet allowed(int tokensLeft) {
        return masks.allowed(state, tokensLeft);
    }

    @Override
    public boolean mayEnd() {
        return masks.ends(state);
    }

    /** Goes on by bytes, or stays where it is when they don't fit. */
    boolean read(byte[] bytes) {
        Machine.State next = masks.after(state, bytes);
        state = next == null ? state : next;
        return next != null;
    }

    @Override
    public void accept(int token) {
        Machine.State next = masks.after(state, tokenizer.bytes(token));
        if (next == null || tokenizer.isSpecial(token)) {
            throw new IllegalArgumentException("token " + token + " (\"" + tokenizer.decode(token)
                    + "\") may not come next: it leaves the texts of the schema");
        }
        state = next;
    }
}
