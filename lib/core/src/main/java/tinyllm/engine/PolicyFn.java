package tinyllm.engine;

import java.util.List;

/**
 * Who of those that wait goes first (chapter 3.8). Asked before every step, and remembers nothing: equal queues give equal orders, so a
 * request that was cancelled is simply not there any more.
 */
@FunctionalInterface
public interface PolicyFn {

    /**
     * The shortest prompt first, and waiting makes a prompt shorter: of two requests goes first which would have the smaller
     * {@code promptTokens - tokensPerSecond · (now - arrived)}, at any time {@code now}; of equal ones the one with the smaller id, which
     * arrived first. Those that ran before, and were preempted, go before all others, in the order of their admission.
     *
     * @param waiting in the order of arrival, those that were preempted in front; must not be changed
     * @param tokensPerSecond what a second of waiting is worth, 0 or more: 0 is the shortest prompt first, whoever waits; with very many
     *     it is first come, first served
     * @return the ids of all that wait, each once, the first to be admitted first
     */
    List<Long> order(List<Sequence> waiting, double tokensPerSecond);
}
