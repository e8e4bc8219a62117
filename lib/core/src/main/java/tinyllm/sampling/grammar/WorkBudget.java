package tinyllm.sampling.grammar;

/** Steps that may still be taken, counted and not timed: a grammar is refused on every machine or on none. For one thread at a time. */
public final class WorkBudget {
    private final String sentence;
    private long left;

    /** @param sentence what is said when the steps are used up */
    public WorkBudget(long steps, String sentence) {
        this.left = steps;
        this.sentence = sentence;
    }

    /** @throws GrammarException when there are fewer left */
    public void spend(long steps) {
        left -= steps;
        if (left < 0) {
            throw new GrammarException(sentence);
        }
    }

    /** From now on so many. */
    void allow(long steps) {
        left = steps;
    }
}
