package tinyllm.lab.exercises.prefix;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tinyllm.cache.EvictFn;
import tinyllm.cache.KeptPage;

/** Eviction page by page in small parts, so that a wrong answer differs from the right one in one of them. */
class EvictionSteps implements EvictFn {

    @Override
    public int[] evict(List<KeptPage> kept, int count) {
        List<KeptPage> left = new ArrayList<>(kept);
        List<Integer> gone = new ArrayList<>();
        while (gone.size() < count) {
            Optional<KeptPage> next =
                    left.stream().filter(page -> mayGo(page, left, kept)).min(order());
            if (next.isEmpty()) {
                break;
            }
            left.remove(next.get());
            gone.add(next.get().page());
        }
        return gone.stream().mapToInt(page -> page).toArray();
    }

    boolean mayGo(KeptPage page, List<KeptPage> left, List<KeptPage> kept) {
        return !page.inUse() && isLeaf(page, left);
    }

    static boolean isLeaf(KeptPage page, List<KeptPage> among) {
        return among.stream().noneMatch(other -> other.parent() == page.page());
    }

    Comparator<KeptPage> order() {
        return Comparator.comparingLong(KeptPage::lastUsed);
    }
}
