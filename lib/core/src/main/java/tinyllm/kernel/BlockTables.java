package tinyllm.kernel;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.natives.kernels;

/**
 * Where the sequences of one step have their keys and values: built once, read by every layer. Everything is checked here, before
 * anything runs: a wrong page would be another sequence's memory. Immutable.
 */
public final class BlockTables {

    /**
     * One sequence of a step; its tokens are the step's next rows.
     *
     * @param pages the pages of the tokens from position 0 on, each full but for the last
     * @param position of the first new token; that many tokens are known
     * @param tokens that come in this step; none of a sequence that only waits
     */
    public record Entry(int[] pages, int position, int tokens) {

        /** Rows of a step that belong to no sequence. */
        public static Entry idle(int rows) {
            return new Entry(new int[0], -1, rows);
        }

        private boolean isIdle() {
            return position == -1 && pages.length == 0;
        }
    }

    private final PageMemory memory;
    private final kernels.BlockTables tables;
    private final int rows;
    private final int sequences;
    private final int positions;

    /**
     * @throws IllegalArgumentException when a page does not exist, is twice in one table, would be written while another sequence has
     *     it, or when the pages have no room for the tokens
     */
    public BlockTables(PageMemory memory, List<Entry> entries) {
        check(memory, entries);
        this.memory = memory;
        this.tables = new kernels.BlockTables(memory.open());
        int row = 0;
        int count = 0;
        int most = 0;
        for (Entry entry : entries) {
            if (!entry.isIdle()) {
                tables.add(row, entry.tokens(), entry.position(), entry.pages(), entry.pages().length);
                count++;
                most = Math.max(most, entry.position() + entry.tokens());
            }
            row += entry.tokens();
        }
        this.rows = row;
        this.sequences = count;
        this.positions = most;
        memory.reach(most);
    }

    private static void check(PageMemory memory, List<Entry> entries) {
        int pageTokens = memory.form().pageTokens();
        int[] seen = new int[memory.pages()]; // in how many tables
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            String problem = entry.isIdle() && entry.tokens() >= 0 ? null : problem(entry, memory.pages(), pageTokens);
            if (problem != null) {
                throw new IllegalArgumentException("block table " + i + ": " + problem);
            }
            for (int page : entry.pages()) {
                seen[page]++;
            }
        }
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            int end = entry.isIdle() ? 0 : Math.ceilDiv(entry.position() + entry.tokens(), pageTokens);
            for (int p = Math.max(0, entry.position() / pageTokens); entry.tokens() > 0 && p < end; p++) {
                int page = entry.pages()[p];
                if (seen[page] > 1) {
                    throw new IllegalArgumentException("block table " + i + ": page " + page
                            + " would be written, and another sequence of this step has it too; copy it first");
                }
            }
        }
    }

    /** Why a sequence's table can't be; null when it can. */
    static @Nullable String problem(Entry entry, int pages, int pageTokens) {
        if (entry.position() < 0 || entry.tokens() < 0) {
            return entry.tokens() + " tokens from position " + entry.position() + " on are not possible";
        }
        long end = (long) entry.position() + entry.tokens();
        if (end > (long) entry.pages().length * pageTokens) {
            return "its " + entry.pages().length + " pages of " + pageTokens + " tokens have no room for " + end;
        }
        BitSet own = new BitSet();
        for (int page : entry.pages()) {
            if (page < 0 || page >= pages) {
                return "page " + page + " is not in 0…" + (pages - 1);
            }
            if (own.get(page)) {
                return "page " + page + " is in it twice";
            }
            own.set(page);
        }
        return null;
    }

    /** Rows of the step, the idle ones among them. */
    public int rows() {
        return rows;
    }

    public int sequences() {
        return sequences;
    }

    /** The positions that the step reaches. */
    int positions() {
        return positions;
    }

    PageMemory memory() {
        return memory;
    }

    kernels.BlockTables tables() {
        memory.open();
        return tables;
    }

    /** Only what is known, or comes in this step, can be read. */
    void requireRead(int tokens) {
        if (sequences != 1 || tokens < 0 || tokens > positions) {
            throw new IllegalArgumentException(
                    tokens + " tokens can't be read of " + sequences + " sequences with " + positions);
        }
    }

    void requireOf(PageMemory other) {
        if (memory != other) {
            throw new IllegalArgumentException("these block tables are of other pages");
        }
    }
}
