package tinyllm.engine;

import java.util.List;

/**
 * All that a scheduler decides by. Immutable.
 *
 * @param running in the order of their first admission, the oldest first
 * @param waiting in the order of the policy, preempted ones before all others
 * @param freePages pages that may be taken in this step; those that only the prefix cache keeps are among them
 * @param pageTokens tokens that a page holds
 * @param prefixes what the prefix cache knows of a waiting request; nothing in an engine that plans by any other scheduler than the
 *     library's, where it shows as computed instead
 */
public record SchedulerState(
        List<Sequence> running, List<Sequence> waiting, int freePages, int pageTokens, KnownPrefix.Lookup prefixes) {

    public SchedulerState {
        running = List.copyOf(running);
        waiting = List.copyOf(waiting);
        if (freePages < 0 || pageTokens < 1) {
            throw new IllegalArgumentException(
                    freePages + " free pages of " + pageTokens + " tokens can't be: at least 0 pages of 1 token");
        }
    }

    /** Without a prefix cache. */
    public SchedulerState(List<Sequence> running, List<Sequence> waiting, int freePages, int pageTokens) {
        this(running, waiting, freePages, pageTokens, sequence -> KnownPrefix.NOTHING);
    }
}
