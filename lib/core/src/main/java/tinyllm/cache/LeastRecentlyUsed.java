package tinyllm.cache;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import tinyllm.course.ReferenceUse;

/** Leaves first, the one that was used longest ago before the others; its parent may be the next. */
public final class LeastRecentlyUsed implements EvictFn {

    @Override
    public int[] evict(List<KeptPage> kept, int count) {
        ReferenceUse.note("4.2 eviction");
        Map<Integer, KeptPage> byPage = new HashMap<>();
        Map<Integer, Integer> children = new HashMap<>();
        for (KeptPage page : kept) {
            byPage.put(page.page(), page);
            children.merge(page.parent(), 1, Integer::sum);
        }
        PriorityQueue<KeptPage> leaves = new PriorityQueue<>(Comparator.comparingLong(KeptPage::lastUsed));
        kept.stream()
                .filter(page -> !page.inUse() && !children.containsKey(page.page()))
                .forEach(leaves::add);
        IntStream.Builder gone = IntStream.builder();
        for (int left = count; left > 0 && !leaves.isEmpty(); left--) {
            KeptPage leaf = leaves.remove();
            gone.add(leaf.page());
            KeptPage parent = byPage.get(leaf.parent());
            if (parent != null && children.merge(parent.page(), -1, Integer::sum) == 0 && !parent.inUse()) {
                leaves.add(parent);
            }
        }
        return gone.build().toArray();
    }
}
