package tinyllm.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * An index of a learner's keys and a learner's eviction (chapter 4.2). What a key finds is compared with the text, so that poor keys cost
 * hits and never give a wrong answer. {@link PrefixIndex} does the same in one pass. For one thread at a time.
 */
public final class KeyedIndex implements PageIndex {

    private static final class Kept {
        final @Nullable Kept parent;
        final String salt;
        final long key;
        final int[] tokens;
        final int page;
        int children;
        long lastUsed;

        Kept(@Nullable Kept parent, String salt, long key, int[] tokens, int page) {
            this.parent = parent;
            this.salt = salt;
            this.key = key;
            this.tokens = tokens;
            this.page = page;
        }

        KeptPage seen(boolean inUse) {
            return new KeptPage(page, parent == null ? KeptPage.NONE : parent.page, lastUsed, inUse);
        }
    }

    private final PageKeysFn keys;
    private final EvictFn eviction;
    private final int pageTokens;
    private final Map<Long, Kept> byKey = new HashMap<>();
    private final Map<Integer, Kept> byPage = new TreeMap<>();
    private long clock;

    public KeyedIndex(PageKeysFn keys, EvictFn eviction, int pageTokens) {
        if (pageTokens < 1) {
            throw new IllegalArgumentException("a page of " + pageTokens + " tokens holds nothing");
        }
        this.keys = keys;
        this.eviction = eviction;
        this.pageTokens = pageTokens;
    }

    @Override
    public int size() {
        return byPage.size();
    }

    @Override
    public int[] find(String salt, int[] tokens, int maxTokens) {
        List<Kept> path = path(salt, tokens, maxTokens);
        touch(path);
        return path.stream().mapToInt(kept -> kept.page).toArray();
    }

    @Override
    public int known(String salt, int[] tokens, int maxTokens) {
        return pageTokens * path(salt, tokens, maxTokens).size();
    }

    private List<Kept> path(String salt, int[] tokens, int maxTokens) {
        int full = Math.clamp(maxTokens, 0, tokens.length) / pageTokens;
        return path(salt, tokens, keys(salt, tokens, full));
    }

    private List<Kept> path(String salt, int[] tokens, long[] of) {
        List<Kept> path = new ArrayList<>();
        Kept last = null;
        for (int i = 0; i < of.length; i++) {
            int from = i * pageTokens;
            Kept kept = byKey.get(of[i]);
            if (kept == null
                    || kept.parent != last
                    || !kept.salt.equals(salt)
                    || !Arrays.equals(kept.tokens, 0, pageTokens, tokens, from, from + pageTokens)) {
                break;
            }
            path.add(kept);
            last = kept;
        }
        return path;
    }

    private long[] keys(String salt, int[] tokens, int full) {
        long[] of = keys.keys(salt, Arrays.copyOf(tokens, full * pageTokens), pageTokens);
        if (of.length != full) {
            throw new IllegalStateException("a text of " + full * pageTokens + " tokens has " + full + " full pages of "
                    + pageTokens + "; it got " + of.length + " keys");
        }
        return of;
    }

    private void touch(List<Kept> path) {
        clock++;
        path.forEach(kept -> kept.lastUsed = clock);
    }

    @Override
    public PrefixIndex.Inserted insert(String salt, int[] tokens, int[] pages) {
        int full = Math.min(pages.length, tokens.length / pageTokens);
        long[] of = keys(salt, tokens, full);
        List<Kept> path = path(salt, tokens, of);
        int known = path.size();
        for (int i = known;
                i < full && !byKey.containsKey(of[i]);
                i++) { // another page's key: this one can't be found by it
            Kept parent = path.isEmpty() ? null : path.getLast();
            Kept kept = new Kept(
                    parent, salt, of[i], Arrays.copyOfRange(tokens, i * pageTokens, (i + 1) * pageTokens), pages[i]);
            if (parent != null) {
                parent.children++;
            }
            byKey.put(of[i], kept);
            byPage.put(pages[i], kept);
            path.add(kept);
        }
        touch(path);
        return new PrefixIndex.Inserted(
                path.stream().mapToInt(kept -> kept.page).toArray(), known);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException when the eviction's choice can't go: a page in use, one that others build on, or too many
     */
    @Override
    public int[] evict(int count, IntPredicate free) {
        List<KeptPage> seen = byPage.values().stream()
                .map(kept -> kept.seen(!free.test(kept.page)))
                .toList();
        int[] gone = eviction.evict(seen, Math.min(count, seen.size()));
        if (gone.length > count) {
            throw new IllegalStateException(count + " pages were needed, and " + gone.length + " were to go");
        }
        for (int page : gone) {
            remove(page, free);
        }
        return gone;
    }

    private void remove(int page, IntPredicate free) {
        Kept kept = byPage.get(page);
        if (kept == null || kept.children > 0 || !free.test(page)) {
            throw new IllegalStateException("page " + page + " was to go, but "
                    + (kept == null
                            ? "it is not kept"
                            : kept.children > 0 ? "kept pages build on it" : "a running sequence has it"));
        }
        byPage.remove(page);
        byKey.remove(kept.key);
        if (kept.parent != null) {
            kept.parent.children--;
        }
    }
}
