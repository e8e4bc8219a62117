package tinyllm.cache;

/**
 * Pages that outlive their sequence, for texts that begin the same (chapter 4.2): a system prompt is computed once. Only full pages are
 * kept. Whoever needs a page and finds none free gets the one here that was used longest ago and that no sequence has. For one thread
 * at a time.
 */
public final class PrefixCache {

    /**
     * What it was good for.
     *
     * @param queriedTokens tokens of all prompts that were looked up
     * @param hitTokens those of them that were known
     * @param evictedPages that went to others
     */
    public record Stats(long queriedTokens, long hitTokens, long evictedPages) {

        /** Known tokens of those looked up, 0 to 1. */
        public double hitRate() {
            return queriedTokens == 0 ? 0 : (double) hitTokens / queriedTokens;
        }
    }

    private final PagedKvMemory memory;
    private final PageIndex index;
    private long queriedTokens;
    private long hitTokens;
    private long evictedPages;

    /** The one prefix cache of this memory. */
    public PrefixCache(PagedKvMemory memory) {
        this(memory, new PrefixIndex(memory.pool().pageTokens()));
    }

    /** @param index empty, for pages of the memory's size */
    public PrefixCache(PagedKvMemory memory, PageIndex index) {
        if (index.size() != 0) {
            throw new IllegalArgumentException("the index knows " + index.size() + " pages of somebody else already");
        }
        this.memory = memory;
        this.index = index;
        memory.reclaimFrom(this::evict);
    }

    /**
     * A cache for a prompt, with the tokens that are known; the caller computes the rest, the last token at least, and closes it.
     *
     * @param salt keeps tenants apart: pages are shared only within one
     */
    public PagedKvCache newCache(String salt, int[] prompt) {
        int[] pages = index.find(salt, prompt, prompt.length - 1);
        PagedKvCache cache = memory.newCache(pages);
        queriedTokens += prompt.length;
        hitTokens += cache.length();
        return cache;
    }

    /** Tokens of a prompt that {@link #newCache} would find; nothing changes. */
    public int known(String salt, int[] prompt) {
        return index.known(salt, prompt, prompt.length - 1);
    }

    /**
     * Keeps the full pages of a sequence for later ones. Called as often as one likes: what is kept already costs a look. Where another
     * sequence's pages of the same text are kept, the cache takes these and gives its own back.
     *
     * @param tokens of the cache, in order
     * @throws IllegalArgumentException when these are not as many as the cache holds, or when its pages are kept under another salt
     */
    public void keep(String salt, int[] tokens, PagedKvCache cache) {
        if (tokens.length != cache.length() || cache.memory() != memory) {
            throw new IllegalArgumentException(
                    tokens.length + " tokens are not the " + cache.length() + " of a cache of this memory");
        }
        int[] own = cache.pages();
        int full = tokens.length / memory.pool().pageTokens();
        for (int i = index.known(salt, tokens, tokens.length) / memory.pool().pageTokens(); i < full; i++) {
            if (memory.isKept(own[i])) {
                throw new IllegalArgumentException(
                        "page " + own[i] + " is kept under another salt than \"" + salt + "\"");
            }
        }
        PrefixIndex.Inserted inserted = index.insert(salt, tokens, own);
        for (int i = inserted.known(); i < inserted.pages().length; i++) {
            memory.keep(own[i]);
        }
        cache.share(inserted.pages());
    }

    /** Gives up to count pages back that no sequence has, those unused for longest first; returns how many. */
    public int evict(int count) {
        int[] gone = index.evict(count, page -> memory.pool().references(page) == 1);
        for (int page : gone) {
            memory.forget(page);
        }
        evictedPages += gone.length;
        return gone.length;
    }

    /** Gives every page back that no sequence has. */
    public void clear() {
        evict(Integer.MAX_VALUE);
    }

    /** Pages kept, those of running sequences among them. */
    public int pages() {
        return index.size();
    }

    public Stats stats() {
        return new Stats(queriedTokens, hitTokens, evictedPages);
    }
}
