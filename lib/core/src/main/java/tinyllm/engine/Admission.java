package tinyllm.engine;

import tinyllm.engine.RefusedException.Reason;

/** Who may queue: what never fits is refused at once, and so is what the queue has no room for. Safe for many threads. */
final class Admission {

    private final QueueBounds bounds;
    private final int context;
    private final long poolTokens;
    private int requests;
    private long bytes;
    private long tokens;

    /**
     * @param context tokens that the model takes at most
     * @param poolTokens tokens that all pages hold together
     */
    Admission(QueueBounds bounds, int context, long poolTokens) {
        this.bounds = bounds;
        this.context = context;
        this.poolTokens = poolTokens;
    }

    /** C, the most tokens that a text may have here. */
    int capacity() {
        return (int) Math.min(context, poolTokens);
    }

    /**
     * The most tokens that a request may generate.
     *
     * @param maxTokens that it asks for; 0 for none
     * @throws RefusedException when prompt and answer never fit
     */
    int answerTokens(int promptTokens, int maxTokens) {
        int capacity = capacity();
        if (promptTokens >= capacity) {
            throw new RefusedException(
                    Reason.TOO_LONG,
                    "the prompt has " + promptTokens + " tokens, but a text may have " + capacity + limit()
                            + ", and an answer needs room: shorten the prompt");
        }
        if (maxTokens > capacity - promptTokens) {
            throw new RefusedException(
                    Reason.TOO_LONG,
                    "the prompt has " + promptTokens + " tokens and max_tokens is " + maxTokens
                            + ", but a text may have " + capacity + limit() + ": ask for "
                            + (capacity - promptTokens) + " at most, or leave max_tokens out");
        }
        return maxTokens > 0 ? maxTokens : capacity - promptTokens;
    }

    private String limit() {
        return context <= poolTokens ? " (the model's context)" : " (all pages of the cache)";
    }

    /** Counts a request in before its prompt becomes tokens. */
    synchronized void enter(long promptBytes) {
        if (promptBytes > bounds.promptBytes()) {
            throw tooLarge(promptBytes, bounds.promptBytes(), "bytes");
        }
        if (requests + 1 > bounds.requests()) {
            throw busy(requests + " requests", bounds.requests() + " may");
        }
        if (bytes + promptBytes > bounds.promptBytes()) {
            throw busy(
                    "prompts of " + bytes + " bytes", bounds.promptBytes() + " may, and this one has " + promptBytes);
        }
        requests++;
        bytes += promptBytes;
    }

    /** Counts its tokens in; the caller leaves when they are refused. */
    synchronized void enterTokens(long promptTokens) {
        if (promptTokens > bounds.promptTokens()) {
            throw tooLarge(promptTokens, bounds.promptTokens(), "tokens");
        }
        if (tokens + promptTokens > bounds.promptTokens()) {
            throw busy(
                    "prompts of " + tokens + " tokens",
                    bounds.promptTokens() + " may, and this one has " + promptTokens);
        }
        tokens += promptTokens;
    }

    /** A request that entered waits no more. */
    synchronized void leave(long promptBytes, long promptTokens) {
        requests--;
        bytes -= promptBytes;
        tokens -= promptTokens;
    }

    synchronized int requests() {
        return requests;
    }

    /** Alone, too, so that it never fits: coming again later would not help. */
    private static RefusedException tooLarge(long has, long may, String what) {
        return new RefusedException(
                Reason.TOO_LONG,
                "the prompt has " + has + " " + what + ", more than the " + may
                        + " that all waiting prompts may have together: shorten it");
    }

    private static RefusedException busy(String waiting, String most) {
        return new RefusedException(
                Reason.BUSY, "the queue is full: " + waiting + " wait, and " + most + "; try again later");
    }
}
