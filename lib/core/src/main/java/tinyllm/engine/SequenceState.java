package tinyllm.engine;

/** The counts behind a {@link Sequence}, as they change from step to step. Owned by the roster. */
class SequenceState {

    final long id;
    final int promptTokens;
    final int priority;
    final double arrived;
    int tokens;
    int computed;
    int pages;
    int sharedPages;
    long admission = -1;
    int slot = -1;
    int preemptions;

    SequenceState(long id, int promptTokens, int priority, double arrived) {
        this.id = id;
        this.promptTokens = promptTokens;
        this.priority = priority;
        this.arrived = arrived;
        this.tokens = promptTokens;
    }

    Sequence snapshot() {
        return new Sequence(id, promptTokens, tokens, computed, pages, sharedPages, admission, priority, arrived);
    }

    boolean decoding() {
        return tokens > promptTokens && computed == tokens - 1;
    }

    boolean running() {
        return slot >= 0;
    }

    /** Gives up what was computed; the text stays. */
    void forget() {
        computed = 0;
        pages = 0;
        sharedPages = 0;
        slot = -1;
    }
}
