package tinyllm.cache;

import java.util.BitSet;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.KvKind;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.PageMemory;
import tinyllm.tensor.Device;

/**
 * The pages of one model, for all its sequences: the memory, and the pool that says who has which page. The one owner of both.
 * For one thread at a time.
 */
public final class PagedKvMemory implements AutoCloseable {
    private final PageStore store;
    private final PagePool pool;
    private final int maxTokens;
    private final BitSet kept = new BitSet(); // pages that the prefix cache has
    private int idle; // of these, those that nobody else has
    private IntConsumer reclaim = count -> {};

    /**
     * @param context the most tokens that the model takes
     * @param pages all of them are taken from the machine at once
     * @throws tinyllm.tensor.TensorMemoryException when the bytes are not there
     */
    public PagedKvMemory(PageForm form, int context, int pages) {
        this(form, context, pages, null);
    }

    /** @param turn what keys get when they are read, if the form stores them before; see {@link KeyTurn} */
    public PagedKvMemory(PageForm form, int context, int pages, @Nullable KeyTurn turn) {
        this(new NativePages(new PageMemory(form, pages, turn)), context, pages, new ListedPages());
    }

    private PagedKvMemory(PageStore store, int context, int pages, SharedPages owners) {
        if (context < 1) {
            throw new IllegalArgumentException("a context of " + context + " tokens holds nothing");
        }
        this.store = store;
        this.pool = new PagePool(pages, store.form().pageTokens(), owners);
        this.maxTokens = (int) Math.min(context, pool.tokens());
    }

    /**
     * Pages as plain tensors, on any device: for kernels that take keys and values in one piece. Memory is taken as they fill.
     *
     * @param turn what keys get when they are read, if the form stores them before; null for nothing
     * @throws IllegalArgumentException when the turn does not fit the form
     */
    public static PagedKvMemory ofTensors(PageForm form, int context, int pages, @Nullable KeyTurn turn) {
        return new PagedKvMemory(new TensorPages(form, pages, turn), context, pages, new ListedPages());
    }

    /** As many pages as the budget gives, stored as it says or else as {@code own}; as tensors on a GPU. */
    public static PagedKvMemory of(
            PageBudget budget, int layers, int kvHeads, int headDim, int context, KvKind own, KeyTurn turn) {
        PageForm form = budget.form(layers, kvHeads, headDim, own);
        int pages = budget.pages(form.pageBytes());
        PageStore store = Device.current() == Device.CPU
                ? new NativePages(new PageMemory(form, pages, turn))
                : new TensorPages(form, pages, turn);
        return new PagedKvMemory(store, context, pages, budget.owners().get());
    }

    /** An empty cache of one sequence, which takes its pages from here and has to be closed to give them back. */
    public PagedKvCache newCache() {
        return new PagedKvCache(this);
    }

    /** A cache that knows these full pages already. */
    PagedKvCache newCache(int[] pages) {
        return new PagedKvCache(this, pages);
    }

    /** Who has which page. Only caches and the prefix cache take and give. */
    public PagePool pool() {
        return pool;
    }

    /** Most tokens that one sequence may have: the model's context, or all pages together if these are fewer. */
    public int maxTokens() {
        return maxTokens;
    }

    public PageForm form() {
        return store.form();
    }

    /** Bytes of all pages, used or not; of pages as tensors, those used. */
    public long nbytes() {
        return store.nbytes();
    }

    /** From now on a page that becomes free is filled with NaN: a test sees who reads what is no longer theirs. */
    public void poisonFreedPages() {
        for (int page = 0; page < pool.size(); page++) {
            if (pool.references(page) == 0) {
                store.poison(page);
            }
        }
    }

    PageStore store() {
        return store;
    }

    /** Pages that a sequence can get: the free ones, and those that only the prefix cache has. */
    public int available() {
        return pool.free() + idle;
    }

    /** Takes count pages or none, from the prefix cache if need be. */
    int[] take(int count) {
        if (count > available()) {
            throw new PagesException(count, available(), pool.size());
        }
        if (count > pool.free()) {
            reclaim.accept(count - pool.free());
        }
        return pool.take(count);
    }

    void retain(int page) {
        idle -= kept.get(page) && pool.references(page) == 1 ? 1 : 0;
        pool.retain(page);
    }

    void release(int page) {
        if (pool.release(page)) {
            store.freed(page);
        } else if (kept.get(page) && pool.references(page) == 1) {
            idle++;
        }
    }

    /** @param source gives up to so many pages back when it is asked */
    void reclaimFrom(IntConsumer source) {
        if (!kept.isEmpty()) {
            throw new IllegalStateException("these pages have a prefix cache already");
        }
        reclaim = source;
    }

    boolean isKept(int page) {
        return kept.get(page);
    }

    /** The prefix cache becomes one of a page's owners. */
    void keep(int page) {
        retain(page);
        kept.set(page);
    }

    /** It is no longer one. */
    void forget(int page) {
        idle -= pool.references(page) == 1 ? 1 : 0;
        kept.clear(page);
        release(page);
    }

    /** Frees the memory; its caches can't be used any more. Closing again does nothing. */
    @Override
    public void close() {
        store.close();
    }
}
