package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import tech.tablesaw.api.Table;
import tinyllm.cache.KeysValues;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvCache;
import tinyllm.cache.PagedKvMemory;
import tinyllm.kernel.Bandwidth;
import tinyllm.kernel.KvKind;
import tinyllm.lab.view.Live;
import tinyllm.model.CausalLm;
import tinyllm.model.Chunk;
import tinyllm.model.ModelConfig;
import tinyllm.model.ModelOperation;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * What a token costs behind a long text whose keys and values are stored in fewer and fewer bits (chapter 4.1). The pages are filled
 * with random numbers, which take as long to read as those of a text.
 */
public final class PageReading {

    /**
     * One kind of page.
     *
     * @param msPerToken the median over the rounds
     * @param floorMs what reading weights, keys and values alone would take at this machine's bandwidth
     * @param percentOfFloor how much of the measured time the floor is
     */
    public record Row(String kind, double cacheMb, double msPerToken, double floorMs, double percentOfFloor) {}

    private static final List<KvKind> KINDS = List.of(KvKind.F32, KvKind.F16, KvKind.INT8, KvKind.INT4);
    private static final long READ = 256L << 20;
    private static final int ROOM = 16;
    private static final int SPREAD_SEED = 41;

    private final int tokens;
    private final List<Row> rows = new ArrayList<>();

    private PageReading(int tokens) {
        this.tokens = tokens;
    }

    /**
     * Measures one more token behind so many, in rounds over all kinds.
     *
     * @param model on kernels that read pages, such as {@code fastModel()}
     * @param tokens of the text before; no more than the model's context has
     * @param rounds 1 or more
     */
    public static PageReading of(CausalLm model, int tokens, int rounds) {
        int context = model.config().maxPositionEmbeddings();
        if (tokens < 1 || tokens > context - 1 || rounds < 1) {
            throw new IllegalArgumentException(tokens + " tokens and " + rounds + " rounds are not possible: 1 to "
                    + (context - 1) + " tokens, and a round or more");
        }
        PageReading reading = new PageReading(tokens);
        double[][] ms = new double[KINDS.size()][rounds];
        List<PagedKvMemory> memories = new ArrayList<>();
        try (Live live = new Live()) {
            List<PagedKvCache> caches = new ArrayList<>();
            for (KvKind kind : KINDS) {
                PagedKvMemory memory =
                        model.newPages(PageBudget.tokens(tokens + ROOM).kind(kind));
                memories.add(memory);
                caches.add(filled(model, memory, tokens));
                ms(model, caches.getLast());
            }
            for (int round = 0; round < rounds; round++) {
                for (int kind = 0; kind < KINDS.size(); kind++) {
                    ms[kind][round] = ms(model, caches.get(kind));
                }
                live.progress("one token in each kind of page", round + 1, rounds);
            }
            double bytesPerMs = Bandwidth.read(READ) / 1e3;
            for (int kind = 0; kind < KINDS.size(); kind++) {
                reading.add(model, KINDS.get(kind), memories.get(kind), Timing.median(ms[kind]), bytesPerMs);
            }
        } finally {
            memories.forEach(PagedKvMemory::close);
        }
        return reading;
    }

    private void add(CausalLm model, KvKind kind, PagedKvMemory memory, double ms, double bytesPerMs) {
        double cache =
                (double) tokens * memory.form().pageBytes() / memory.form().pageTokens();
        double weights = model.operations().stream()
                .mapToLong(ModelOperation::weightBytes)
                .sum();
        double floor = (weights + cache) / bytesPerMs;
        rows.add(new Row(word(kind), cache / 1e6, ms, floor, 100 * floor / ms));
    }

    private static String word(KvKind kind) {
        return kind.isQuantized() ? kind.bits() + " bits" : "float" + kind.bits();
    }

    private static PagedKvCache filled(CausalLm model, PagedKvMemory memory, int tokens) {
        ModelConfig config = model.config();
        int[] shape = {1, config.numKeyValueHeads(), tokens, config.headDim()};
        PagedKvCache cache = memory.newCache();
        cache.reserve(tokens);
        for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
            try (Scope _ = Scope.open()) {
                KeysValues all = cache.append(
                        layer,
                        new KeysValues(
                                Tensor.normal(SPREAD_SEED + layer, shape), Tensor.normal(SPREAD_SEED - layer, shape)));
                all.values().eval();
            }
        }
        cache.advance(tokens);
        return cache;
    }

    private static double ms(CausalLm model, PagedKvCache cache) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the measurement was interrupted");
        }
        try (Scope _ = Scope.open()) {
            long start = System.nanoTime();
            model.step(List.of(new Chunk(new int[] {1}, cache, true))).eval();
            double ms = (System.nanoTime() - start) / 1e6;
            cache.rewind(1);
            return ms;
        }
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    public Table table() {
        return Tables.of(rows);
    }

    @Override
    public String toString() {
        double[] ms = rows.stream().mapToDouble(Row::msPerToken).toArray();
        return String.format(
                Locale.ROOT,
                "a token behind %d others: %.1f ms with float32 pages, %.1f ms with 4 bits (medians)",
                tokens,
                ms[0],
                Arrays.stream(ms).skip(ms.length - 1L).findFirst().orElseThrow());
    }
}
