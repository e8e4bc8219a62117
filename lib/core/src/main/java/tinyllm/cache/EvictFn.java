package tinyllm.cache;

import java.util.List;

/** Exercise of chapter 4.2: which kept pages go when somebody needs the room. */
@FunctionalInterface
public interface EvictFn {

    /**
     * Chooses one page after the other: of those that nobody uses and on which no page that is still kept builds, the one that was
     * used longest ago.
     *
     * @param kept all pages that are kept, in any order
     * @param count how many are needed, 0 or more
     * @return the pages that go, in this order; fewer than count where no more may go
     */
    int[] evict(List<KeptPage> kept, int count);
}
