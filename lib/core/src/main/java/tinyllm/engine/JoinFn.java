package tinyllm.engine;

import java.util.List;

/** Who of the queue joins a step (chapter 2.6). */
@FunctionalInterface
public interface JoinFn {

    /**
     * How many of the first in the queue join now. Each needs a place, room in the step's budget for all tokens that it is missing, and
     * pages for these and for one token more. Nobody overtakes: where one has no room, those behind it wait too.
     *
     * @param waiting the queue, its head first
     * @param places requests that may still join
     * @param budget tokens that may still pass in this step
     * @param freePages pages that may still be taken
     * @param pageTokens tokens that a page holds
     * @return 0 up to the number of those who wait
     */
    int join(List<Sequence> waiting, int places, int budget, int freePages, int pageTokens);
}
