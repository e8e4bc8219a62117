package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvCache;
import tinyllm.cache.PagedKvMemory;
import tinyllm.cache.SharedPages;
import tinyllm.model.CausalLm;
import tinyllm.model.Chunk;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Several continuations of one text, each a fork of the same pages, on the real model; a learner's counts of owners go along with the
 * library's pool (chapter 4.2).
 */
public final class Forks {

    private static final int PAGE_TOKENS = 16;
    private static final int MOST = 16;

    /**
     * One continuation.
     *
     * @param pages of its block table
     * @param shared of these, held by another one as well
     */
    public record Row(String continuation, int pages, int shared) {}

    private final List<Row> rows = new ArrayList<>();
    private final int[] text;
    private final int tokens;
    private final SharedPages own;
    private final int ownRoom;
    private final List<List<Integer>> tables = new ArrayList<>();
    private final int used;

    private Forks(CausalLm model, SharedPages own, int[] text, int count, int tokens) {
        this.text = text;
        this.tokens = tokens;
        this.own = own;
        this.ownRoom = (count + 1) * Math.ceilDiv(text.length + tokens, PAGE_TOKENS);
        own.begin(ownRoom);
        PageBudget room = PageBudget.tokens(ownRoom * PAGE_TOKENS).pageTokens(PAGE_TOKENS);
        try (PagedKvMemory memory = model.newPages(room)) {
            List<PagedKvCache> caches = new ArrayList<>(List.of(memory.newCache()));
            int[][] written = written(model, caches, count, tokens);
            for (int i = 0; i < count; i++) {
                int[] pages = caches.get(i).pages();
                int shared = (int) Arrays.stream(pages)
                        .filter(page -> memory.pool().references(page) > 1)
                        .count();
                rows.add(new Row("… " + model.tokenizer().decode(written[i]), pages.length, shared));
            }
            this.used = memory.pool().used();
            caches.forEach(PagedKvCache::close);
        }
    }

    /**
     * Reads the text once, forks it, gives each fork another one of the most likely next tokens, and goes on greedily.
     *
     * @param own makes the learner's counts
     * @param count continuations, 1 to 16
     * @param tokens of each, 1 or more
     */
    public static Forks of(CausalLm model, Supplier<? extends SharedPages> own, String text, int count, int tokens) {
        int[] ids = model.tokenizer().encode(text.strip());
        if (count < 1 || count > MOST || tokens < 1 || ids.length == 0) {
            throw new IllegalArgumentException(count + " continuations of " + tokens + " tokens of a text of "
                    + ids.length + " are not possible: 1 to " + MOST + " of a token or more");
        }
        return new Forks(model, own.get(), ids, count, tokens);
    }

    private int[][] written(CausalLm model, List<PagedKvCache> caches, int count, int tokens) {
        int[][] written = new int[count][tokens];
        try (Scope _ = Scope.open()) {
            tables.add(new ArrayList<>());
            grow(0, 0, text.length);
            float[] logits = model.step(List.of(new Chunk(text, caches.getFirst(), true)))
                    .at(0)
                    .toFloats();
            int[] likely = likeliest(logits, count);
            for (int i = 0; i < count; i++) {
                written[i][0] = likely[i];
                if (i > 0) {
                    caches.add(caches.getFirst().fork());
                    tables.add(new ArrayList<>(tables.getFirst()));
                    tables.getFirst().forEach(own::share);
                }
            }
        }
        for (int t = 1; t < tokens; t++) {
            step(model, caches, written, t);
        }
        return written;
    }

    private void step(CausalLm model, List<PagedKvCache> caches, int[][] written, int t) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the run was interrupted");
        }
        try (Scope _ = Scope.open()) {
            List<Chunk> chunks = new ArrayList<>();
            for (int i = 0; i < caches.size(); i++) {
                chunks.add(new Chunk(new int[] {written[i][t - 1]}, caches.get(i), true));
                grow(i, text.length + t - 1, 1);
            }
            Tensor next = model.step(chunks).argmax(-1);
            for (int i = 0; i < caches.size(); i++) {
                written[i][t] = (int) next.item(i);
            }
        }
    }

    /** The learner's counts for tokens more: a fresh page where the last one is full, else a page that may be written. */
    private void grow(int fork, int position, int tokens) {
        List<Integer> table = tables.get(fork);
        if (position % PAGE_TOKENS != 0) {
            table.set(table.size() - 1, own.write(table.getLast()));
        }
        while (table.size() < Math.ceilDiv(position + tokens, PAGE_TOKENS)) {
            table.add(own.take());
        }
    }

    private static int[] likeliest(float[] logits, int count) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> Float.compare(logits[b], logits[a]))
                .limit(count)
                .mapToInt(i -> i)
                .toArray();
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** Pages that the library's pool had given out at the end; a shared one counts once. */
    public int used() {
        return used;
    }

    /** The same by the learner's counts. */
    public int ownUsed() {
        return ownRoom - own.free();
    }

    /** Whether two continuations write to one page by the learner's counts: their last pages are the same, and not full. */
    private boolean mixedUp() {
        Set<Integer> tails = new HashSet<>();
        return (text.length + tokens - 1) % PAGE_TOKENS != 0
                && tables.stream().anyMatch(table -> !tails.add(table.getLast()));
    }

    @Override
    public String toString() {
        int listed = rows.stream().mapToInt(Row::pages).sum();
        return String.format(
                Locale.ROOT,
                "%d continuations list %d pages and hold %d; by your counts they hold %d%s",
                rows.size(),
                listed,
                used,
                ownUsed(),
                mixedUp() ? ", and two of them write to the same page" : "");
    }
}
