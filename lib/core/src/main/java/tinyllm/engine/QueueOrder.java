package tinyllm.engine;

/**
 * Who is admitted first: the waiting request with the smallest key; of equal keys the one that arrived first. The key is read once,
 * when the request arrives, so that the queue stays sorted by itself. Requests that were preempted come before all others.
 */
@FunctionalInterface
public interface QueueOrder {

    /** @return the place in the queue; finite */
    double key(Sequence waiting);

    /** First come, first served. */
    static QueueOrder firstComeFirstServed() {
        return Sequence::id;
    }

    /** The shortest prompt first: the mean wait is short, and a long prompt may wait for as long as shorter ones arrive. */
    static QueueOrder shortestPromptFirst() {
        return Sequence::promptTokens;
    }

    /**
     * The highest priority first, and waiting raises it by one in each period. All waiting requests age alike, so their order is that
     * of the moment at which each would have had priority 0: it never changes.
     *
     * @param secondsPerLevel how long a request waits until it is as urgent as a new one of the next priority; above 0
     */
    static QueueOrder priority(double secondsPerLevel) {
        if (!(secondsPerLevel > 0 && secondsPerLevel < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "waiting must raise the priority: secondsPerLevel must be above 0, but is " + secondsPerLevel);
        }
        return waiting -> waiting.arrived() - waiting.priority() * secondsPerLevel;
    }
}
