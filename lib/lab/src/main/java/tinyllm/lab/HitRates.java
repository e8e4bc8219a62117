package tinyllm.lab;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.cache.ChainedKeys;
import tinyllm.cache.EvictFn;
import tinyllm.cache.KeptPage;
import tinyllm.cache.KeyedIndex;
import tinyllm.cache.PageIndex;
import tinyllm.cache.PageKeysFn;
import tinyllm.cache.PrefixIndex;
import tinyllm.lab.view.Picture;

/**
 * How much of the prompts a prefix cache knows, by the number of its pages and by who goes when room is needed (chapter 4.2).
 * Conversations of several services are played with page numbers alone: no model runs, and hits need none.
 */
public final class HitRates {

    private static final int PAGE_TOKENS = 16;
    private static final int VOCABULARY = 30_000;
    private static final int SERVICES = 3;
    private static final int SYSTEM_PAGES = 12;
    private static final int CONVERSATIONS = 24;
    private static final int TURNS = 6;
    private static final int TURN_TOKENS = 44; // a question and its answer
    private static final int QUESTION_TOKENS = 18;
    private static final int ACTIVE = 8;
    private static final double ALL = 100;
    private static final long SEED = 42;

    /** One prompt, and the text when its answer is there. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    private record Turn(int[] prompt, int[] text) {}

    /**
     * What a pool came to.
     *
     * @param hitPercent known tokens of all prompts' tokens
     */
    public record Row(String eviction, int pages, double hitPercent, int evictedPages) {}

    private final List<Turn> trace = trace();
    private final List<Row> rows = new ArrayList<>();
    private final int[] pages;
    private final double most;

    private HitRates(PageKeysFn keys, EvictFn eviction, int... pages) {
        this.pages = pages.clone();
        this.most = play("all", () -> new KeyedIndex(keys, eviction, PAGE_TOKENS), allPages())
                .hitPercent();
        for (int size : pages) {
            rows.add(play("yours", () -> new KeyedIndex(keys, eviction, PAGE_TOKENS), size));
            rows.add(play("at random", () -> new KeyedIndex(new ChainedKeys(), atRandom(), PAGE_TOKENS), size));
            rows.add(play("newest first", () -> new KeyedIndex(new ChainedKeys(), newestFirst(), PAGE_TOKENS), size));
        }
    }

    /**
     * Plays the same prompts with each pool.
     *
     * @param pages sizes of the pool, two or more, each enough for the longest text
     */
    public static HitRates of(PageKeysFn keys, EvictFn eviction, int... pages) {
        int least = SYSTEM_PAGES + Math.ceilDiv(TURNS * TURN_TOKENS, PAGE_TOKENS) + 1;
        if (pages.length < 2 || Arrays.stream(pages).anyMatch(size -> size < least)) {
            throw new IllegalArgumentException(
                    "a line needs two sizes or more, of " + least + " pages or more, not " + Arrays.toString(pages));
        }
        return new HitRates(keys, eviction, pages);
    }

    /** Some conversations are going on at a time; each turn is the next of one of them, and when one ends another begins. */
    private static List<Turn> trace() {
        Random random = new Random(SEED);
        int[][] systems = IntStream.range(0, SERVICES)
                .mapToObj(i ->
                        random.ints(SYSTEM_PAGES * PAGE_TOKENS, 0, VOCABULARY).toArray())
                .toArray(int[][]::new);
        int[][] texts = new int[CONVERSATIONS][];
        int[] turns = new int[CONVERSATIONS];
        Arrays.setAll(texts, i -> systems[i % SERVICES]);
        List<Integer> active =
                new ArrayList<>(IntStream.range(0, ACTIVE).boxed().toList());
        int next = ACTIVE;
        List<Turn> trace = new ArrayList<>();
        while (!active.isEmpty()) {
            int at = random.nextInt(active.size());
            int c = active.get(at);
            int[] before = texts[c];
            int[] text = Arrays.copyOf(before, before.length + TURN_TOKENS);
            for (int i = before.length; i < text.length; i++) {
                text[i] = random.nextInt(VOCABULARY);
            }
            trace.add(new Turn(Arrays.copyOf(text, before.length + QUESTION_TOKENS), text));
            texts[c] = text;
            if (++turns[c] == TURNS) {
                active.remove(at);
                if (next < CONVERSATIONS) {
                    active.add(next++);
                }
            }
        }
        return trace;
    }

    private int allPages() {
        return trace.stream()
                .mapToInt(turn -> Math.ceilDiv(turn.text().length, PAGE_TOKENS))
                .sum();
    }

    private Row play(String name, Supplier<PageIndex> made, int size) {
        PageIndex index = made.get();
        Deque<Integer> free = new ArrayDeque<>(IntStream.range(0, size).boxed().toList());
        long known = 0;
        long asked = 0;
        int evicted = 0;
        for (Turn turn : trace) {
            int[] found = index.find("", turn.prompt(), turn.prompt().length - 1);
            known += (long) found.length * PAGE_TOKENS;
            asked += turn.prompt().length;
            BitSet inUse = new BitSet();
            Arrays.stream(found).forEach(inUse::set);
            int needed = Math.ceilDiv(turn.text().length, PAGE_TOKENS) - found.length;
            if (needed > free.size()) {
                int[] gone = index.evict(needed - free.size(), page -> !inUse.get(page));
                Arrays.stream(gone).forEach(free::add);
                evicted += gone.length;
            }
            if (needed > free.size()) {
                throw new IllegalStateException(
                        needed + " pages are needed, and the eviction left " + free.size() + " free");
            }
            int[] own = Arrays.copyOf(found, found.length + needed);
            for (int i = found.length; i < own.length; i++) {
                own[i] = free.remove();
            }
            PrefixIndex.Inserted inserted = index.insert("", turn.text(), own);
            for (int i = 0; i < own.length; i++) { // what is not full, or is kept already, is given back
                boolean kept = i < inserted.pages().length && inserted.pages()[i] == own[i];
                if (!kept && !inUse.get(own[i])) {
                    free.add(own[i]);
                }
            }
        }
        return new Row(name, size, ALL * known / asked, evicted);
    }

    private static List<KeptPage> leaves(List<KeptPage> left) {
        return left.stream()
                .filter(page -> !page.inUse() && left.stream().noneMatch(other -> other.parent() == page.page()))
                .toList();
    }

    private static EvictFn atRandom() {
        Random random = new Random(SEED);
        return (kept, count) -> oneByOne(kept, count, leaves -> leaves.get(random.nextInt(leaves.size())));
    }

    private static EvictFn newestFirst() {
        return (kept, count) -> oneByOne(
                kept,
                count,
                leaves -> leaves.stream()
                        .max((a, b) -> Long.compare(a.lastUsed(), b.lastUsed()))
                        .orElseThrow());
    }

    private static int[] oneByOne(
            List<KeptPage> kept, int count, java.util.function.Function<List<KeptPage>, KeptPage> choice) {
        List<KeptPage> left = new ArrayList<>(kept);
        IntStream.Builder gone = IntStream.builder();
        List<KeptPage> leaves = leaves(left);
        for (int i = 0; i < count && !leaves.isEmpty(); i++) {
            KeptPage page = choice.apply(leaves);
            left.remove(page);
            gone.add(page.page());
            leaves = leaves(left);
        }
        return gone.build().toArray();
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Hit rate against the pool's pages; the dashed line is a pool in which everything has room. */
    public Picture chart() {
        Map<String, double[]> series = new LinkedHashMap<>();
        for (Row row : rows) {
            series.putIfAbsent(row.eviction(), rates(row.eviction()));
        }
        double[] yours = rates("yours");
        String title = String.format(
                Locale.ROOT,
                "With %d pages %.0f %% of all prompts' tokens are hits, with %d %.0f %%",
                pages[0],
                yours[0],
                pages[pages.length - 1],
                yours[yours.length - 1]);
        double[] x = Arrays.stream(pages).asDoubleStream().toArray();
        Plot plot = Charts.plot(title, "pages in the pool", "hits, % of the prompts' tokens");
        series.forEach((name, rates) -> plot.series(name, x, rates));
        return plot.level(String.format(Locale.ROOT, "room for all: %.0f %%", most), most)
                .picture();
    }

    private double[] rates(String eviction) {
        return rows.stream()
                .filter(row -> row.eviction().equals(eviction))
                .mapToDouble(Row::hitPercent)
                .toArray();
    }
}
