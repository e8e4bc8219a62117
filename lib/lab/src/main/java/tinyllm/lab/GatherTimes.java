package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.kernel.BlockTables;
import tinyllm.kernel.CachedAttention;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.KvKind;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.PageMemory;
import tinyllm.kernel.RopeTable;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;
import tinyllm.tensor.Tensor;

/**
 * Milliseconds of one layer's attention of one new token, over keys in pages of 16 on a CPU, with this lab's own kernels: pages copied into
 * one piece first, against read where they lie. Medians (chapter 3.2).
 */
public final class GatherTimes {

    private static final int PAGE = 16;
    private static final int RUNS = 9;
    private static final int STRIDE = 7;

    /**
     * One length.
     *
     * @param copiedMb copied for each token and layer, in millions of bytes
     * @param floorMs keys and values, read once at the speed of this machine's memory
     */
    public record Row(int keys, double copiedMb, double gatherFirstMs, double directMs, double floorMs) {}

    private final ModelConfig config;
    private final List<Row> rows = new ArrayList<>();

    private GatherTimes(ModelConfig config) {
        this.config = config;
    }

    /** @param lengths numbers of keys, each 1 or more */
    public static GatherTimes of(ModelConfig config, int... lengths) {
        if (lengths.length == 0 || Arrays.stream(lengths).anyMatch(length -> length < 1)) {
            throw new IllegalArgumentException("give one length at least, each of one key or more");
        }
        GatherTimes times = new GatherTimes(config);
        try (Live live = new Live()) {
            double gbs = Ceilings.memoryGbs();
            for (int i = 0; i < lengths.length; i++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the measurement was interrupted");
                }
                live.progress(lengths[i] + " keys", i, lengths.length);
                times.rows.add(times.row(lengths[i], gbs));
            }
        }
        return times;
    }

    private Row row(int keys, double gbs) {
        int kvHeads = config.numKeyValueHeads();
        int dim = config.headDim();
        int count = Math.ceilDiv(keys, PAGE);
        int pages = count % STRIDE == 0 ? count + 1 : count;
        int[] table = IntStream.range(0, count).map(i -> i * STRIDE % pages).toArray();
        double scale = 1 / Math.sqrt(dim);
        try (PageMemory memory = new PageMemory(new PageForm(1, kvHeads, dim, PAGE, KvKind.F32), pages)) {
            BlockTables all = new BlockTables(memory, List.of(new BlockTables.Entry(table, 0, keys)));
            memory.write(0, all, Tensor.normal(1, 1, kvHeads, keys, dim), Tensor.normal(2, 1, kvHeads, keys, dim));
            Tensor q = Tensor.normal(3, 1, config.numAttentionHeads(), 1, dim).eval();
            Tensor qkv = Tensor.normal(4, 1, 1, (config.numAttentionHeads() + 2 * kvHeads) * dim)
                    .eval();
            CachedAttention attention = new CachedAttention(config.numAttentionHeads(), kvHeads, dim, false, scale);
            RopeTable angles = new RopeTable(dim, config.ropeTheta());
            BlockTables last = new BlockTables(memory, List.of(new BlockTables.Entry(table, keys - 1, 1)));
            double gather = Timing.medianMs(RUNS, () -> {
                Tensor[] read = memory.read(0, all, keys);
                return FlashAttention.causal(q, read[0], read[1], scale);
            });
            double direct = Timing.medianMs(RUNS, () -> attention.apply(qkv, angles, last, 0));
            double bytes = 2.0 * keys * kvHeads * dim * Float.BYTES;
            return new Row(keys, bytes / 1e6, gather, direct, bytes / gbs / 1e6);
        }
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** Both against length. */
    public Picture chart() {
        Row last = rows.getLast();
        String title = String.format(
                Locale.ROOT,
                "%,d keys: %.2f ms straight from the pages, %.2f ms with a copy of %.1f MB",
                last.keys(),
                last.directMs(),
                last.gatherFirstMs(),
                last.copiedMb());
        return Charts.plot(title, "keys", "ms, one layer, one token")
                .logX()
                .logY()
                .series("copy first", column(Row::keys), column(Row::gatherFirstMs))
                .series("straight from the pages", column(Row::keys), column(Row::directMs))
                .series("keys and values read once", column(Row::keys), column(Row::floorMs))
                .picture();
    }

    private double[] column(ToDoubleFunction<Row> value) {
        return rows.stream().mapToDouble(value).toArray();
    }
}
