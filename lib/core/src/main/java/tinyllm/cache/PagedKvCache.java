package tinyllm.cache;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.BlockTables;
import tinyllm.kernel.PageMemory;

/**
 * One sequence's keys and values in pages of a {@link PagedKvMemory}; the block table says which. A page may be shared with other
 * sequences, and is copied before it is written. Made by {@link PagedKvMemory#newCache()}.
 */
public final class PagedKvCache implements KvCache {
    private final PagedKvMemory memory;
    private int[] pages;
    private int length;
    private boolean closed;

    PagedKvCache(PagedKvMemory memory) {
        this(memory, new int[0]);
    }

    /** @param full pages that are known, each of which it shares */
    PagedKvCache(PagedKvMemory memory, int[] full) {
        this.memory = memory;
        this.pages = full.clone();
        this.length = full.length * memory.pool().pageTokens();
        for (int page : full) {
            memory.retain(page);
        }
    }

    public PagedKvMemory memory() {
        return memory;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int maxTokens() {
        return memory.maxTokens();
    }

    /** The block table: page i holds the tokens from i · page tokens on. A copy. */
    public int[] pages() {
        return pages.clone();
    }

    /** Pages that {@link #reserve} would take for so many tokens more, a copy of a shared one among them. */
    public int pagesToReserve(int tokens) {
        int grown = memory.pool().pagesFor(length + tokens) - pages.length;
        return Math.max(0, grown) + (copiesTail(tokens) ? 1 : 0);
    }

    /** The page that the next token goes to is there already, and somebody else has it too. */
    private boolean copiesTail(int tokens) {
        int tail = length / memory.pool().pageTokens();
        return tokens > 0 && tail < pages.length && memory.pool().references(pages[tail]) > 1;
    }

    /**
     * Takes the pages for tokens more, in every layer, or none.
     *
     * @throws PagesException when fewer are free; nothing has changed then
     */
    @Override
    public void reserve(int tokens) {
        open();
        Room.check(tokens, length, maxTokens());
        boolean copies = copiesTail(tokens);
        int[] taken = memory.take(pagesToReserve(tokens));
        int from = 0;
        if (copies) {
            int tail = length / memory.pool().pageTokens();
            memory.store().copy(pages[tail], taken[0]);
            memory.release(pages[tail]);
            pages[tail] = taken[0];
            from = 1;
        }
        int known = pages.length;
        pages = Arrays.copyOf(pages, known + taken.length - from);
        System.arraycopy(taken, from, pages, known, taken.length - from);
    }

    @Override
    public KeysValues append(int layer, KeysValues step) {
        open();
        int room = pages.length * memory.pool().pageTokens();
        if (step.keys().dim(2) > room - length) {
            throw new IllegalArgumentException(step.keys().dim(2) + " tokens from position " + length
                    + " on do not fit into " + room + "; reserve first");
        }
        return memory.store().append(layer, pages, length, step);
    }

    /** The block tables of a step of these caches, which have room for it; null unless kernels can read all from one memory. */
    public static @Nullable BlockTables tables(List<? extends KvCache> caches, int[] tokens) {
        if (!(caches.getFirst() instanceof PagedKvCache first)) {
            return null;
        }
        PageMemory pages = first.memory.store().memory();
        if (pages == null) {
            return null;
        }
        BlockTables.Entry[] entries = new BlockTables.Entry[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            if (!(caches.get(i) instanceof PagedKvCache cache) || cache.memory != first.memory) {
                return null;
            }
            cache.open();
            entries[i] = cache.entry(tokens[i]);
        }
        return new BlockTables(pages, List.of(entries));
    }

    private BlockTables.Entry entry(int tokens) {
        return new BlockTables.Entry(pages, length, tokens);
    }

    @Override
    public void advance(int tokens) {
        if (tokens < 0
                || (long) length + tokens > (long) pages.length * memory.pool().pageTokens()) {
            throw new IllegalArgumentException(
                    "the cache can't advance by " + tokens + " tokens that were never reserved");
        }
        length += tokens;
    }

    /** Forgets the last tokens, and gives back the pages behind what is left: those that a step reserved and did not fill, too. */
    @Override
    public void rewind(int tokens) {
        Room.checkRewind(tokens, length);
        length -= tokens;
        keep(memory.pool().pagesFor(length));
    }

    /** A second sequence that knows the same tokens. The pages are shared until one of the two writes. */
    public PagedKvCache fork() {
        open();
        PagedKvCache twin =
                new PagedKvCache(memory, Arrays.copyOf(pages, memory.pool().pagesFor(length)));
        twin.length = length;
        return twin;
    }

    /** Takes other pages with the same content for its first ones, and gives its own back. */
    void share(int[] same) {
        for (int i = 0; i < same.length; i++) {
            if (same[i] != pages[i]) {
                memory.retain(same[i]);
                memory.release(pages[i]);
                pages[i] = same[i];
            }
        }
    }

    /** Bytes of its pages; those of a shared page count for every sequence that has it. */
    @Override
    public long nbytes() {
        return pages.length * memory.form().pageBytes();
    }

    private void keep(int count) {
        for (int i = pages.length - 1; i >= count; i--) {
            memory.release(pages[i]);
        }
        pages = Arrays.copyOf(pages, Math.min(count, pages.length));
    }

    private void open() {
        Room.open(closed);
    }

    /** Gives the pages back. Closing again does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            length = 0;
            keep(0);
        }
    }
}
