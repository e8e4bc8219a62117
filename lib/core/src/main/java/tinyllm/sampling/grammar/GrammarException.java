package tinyllm.sampling.grammar;

/** A language that can't be used: it is empty, or takes more states than a request may have. The message is a sentence. */
public final class GrammarException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public GrammarException(String message) {
        super(message);
    }
}
