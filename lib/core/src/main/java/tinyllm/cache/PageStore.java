package tinyllm.cache;

import org.jspecify.annotations.Nullable;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.PageMemory;

/** Where the pages of a model lie. It is told which page to use, and never whose it is. */
interface PageStore extends AutoCloseable {

    PageForm form();

    /**
     * Writes a step's keys and values of one layer behind those that are known.
     *
     * @param pages the block table, with room for position + L tokens
     * @param step {@code [1, H_kv, L, D]} each, rotated
     * @return the first position + L keys and values, {@code [1, H_kv, position + L, D]} each
     */
    KeysValues append(int layer, int[] pages, int position, KeysValues step);

    /** Copies a page in every layer. */
    void copy(int from, int to);

    /** Nobody has this page any more. */
    void freed(int page);

    /** From now on a free page holds what shows that it is read: a page that is free now first. */
    void poison(int page);

    /** Bytes held. */
    long nbytes();

    /** The memory that kernels read pages from directly; null when there is none. */
    @Nullable
    PageMemory memory();

    @Override
    void close();
}
