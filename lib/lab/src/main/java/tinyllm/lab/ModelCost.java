package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import tech.tablesaw.api.Table;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderFn;
import tinyllm.nn.Linear;
import tinyllm.nn.MlpFn;
import tinyllm.nn.Parts;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * Where the time of one token goes, part by part, beside the time that memory alone would need to hand over the part's weights
 * (chapter 1.5).
 */
public final class ModelCost {

    private static final int RUNS = 3;

    /** One part: its weights, the median of its time, and what that makes. */
    public record Row(String part, double weightsMb, double ms, double gbPerS) {}

    private final List<Row> rows;
    private final double totalMs;
    private final double ceiling;

    private ModelCost(List<Row> rows, double totalMs, double ceiling) {
        this.rows = List.copyOf(rows);
        this.totalMs = totalMs;
        this.ceiling = ceiling;
    }

    /** Runs the model over one token, three times after one that does not count, by the model's own parts. */
    public static ModelCost of(CausalLm model) {
        List<Clock> clocks = new ArrayList<>();
        for (int run = 0; run <= RUNS; run++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            clocks.add(new Clock().run(model));
        }
        List<Clock> counted = clocks.subList(1, clocks.size());
        var w = model.weights();
        double attention = w.layers().stream()
                .mapToDouble(b -> megabytes(
                        b.attention().qProj(),
                        b.attention().kProj(),
                        b.attention().vProj(),
                        b.attention().oProj()))
                .sum();
        double mlp = w.layers().stream().mapToDouble(ModelCost::mlp).sum();
        List<Row> rows = List.of(
                row("attention", attention, median(counted, c -> c.attention)),
                row("MLP", mlp, median(counted, c -> c.mlp)),
                row("output layer", w.outputTable().nbytes() / 1e6, median(counted, c -> c.head)),
                row("norms, sums, look-up", 0, median(counted, Clock::rest)));
        return new ModelCost(rows, median(counted, c -> c.total), Ceilings.memoryGbs());
    }

    private static double mlp(BlockWeights b) {
        return megabytes(b.gateProj(), b.upProj(), b.downProj());
    }

    private static double megabytes(Linear... linears) {
        return Arrays.stream(linears).mapToLong(l -> l.weight().nbytes()).sum() / 1e6;
    }

    private static Row row(String part, double megabytes, double ms) {
        return new Row(part, megabytes, ms, megabytes / ms);
    }

    /** Milliseconds of one run; every part is evaluated before its clock is read. */
    private static final class Clock {
        private double attention;
        private double mlp;
        private double head;
        private double total;

        double rest() {
            return Math.max(0, total - attention - mlp - head);
        }

        Clock run(CausalLm model) {
            Parts parts = model.parts();
            AttentionLayerFn attending = (x, w, mask, offset, inside) -> {
                x.eval();
                long start = System.nanoTime();
                Tensor out =
                        parts.attentionLayer().apply(x, w, mask, offset, inside).eval();
                attention += since(start);
                return out;
            };
            MlpFn feeding = (x, gate, up, down) -> {
                x.eval();
                long start = System.nanoTime();
                Tensor out = parts.mlp().feed(x, gate, up, down).eval();
                mlp += since(start);
                return out;
            };
            Parts timed = parts.with(attending).with(feeding);
            DecoderFn decoder = parts.decoder();
            long begun = System.nanoTime();
            try (Scope scope = Scope.open()) {
                Tensor hidden =
                        decoder.hidden(new int[] {1}, model.weights(), timed).eval();
                long start = System.nanoTime();
                decoder.head(hidden, model.weights(), parts).eval();
                head = since(start);
            }
            total = since(begun);
            return this;
        }

        private static double since(long start) {
            return (System.nanoTime() - start) / 1e6;
        }
    }

    private static double median(List<Clock> clocks, ToDoubleFunction<Clock> of) {
        return Timing.median(clocks.stream().mapToDouble(of).toArray());
    }

    public List<Row> rows() {
        return rows;
    }

    /** What memory gives, in GB/s. */
    public double ceilingGbPerS() {
        return ceiling;
    }

    public Table table() {
        Map<String, List<?>> columns = new LinkedHashMap<>();
        columns.put("part", rows.stream().map(Row::part).toList());
        columns.put("weights, MB", column(Row::weightsMb));
        columns.put("ms", column(Row::ms));
        columns.put("GB/s", column(Row::gbPerS));
        return Tables.of("One token", columns);
    }

    private List<String> column(ToDoubleFunction<Row> of) {
        return rows.stream()
                .map(r -> String.format(Locale.ROOT, "%,.1f", of.applyAsDouble(r)))
                .toList();
    }

    /** Time by part, and what it would be if memory were the only limit. */
    public Picture chart() {
        double megabytes = rows.stream().mapToDouble(Row::weightsMb).sum();
        String title = String.format(
                Locale.ROOT,
                "One token reads %,.0f MB of weights in %.0f ms: %.0f %% of memory's %.0f GB/s",
                megabytes,
                totalMs,
                100 * megabytes / totalMs / ceiling,
                ceiling);
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("measured", rows.stream().mapToDouble(Row::ms).toArray());
        series.put(
                "if only memory counted",
                rows.stream().mapToDouble(r -> r.weightsMb() / ceiling).toArray());
        return Charts.bars(
                title, "part of the model", "ms", rows.stream().map(Row::part).toList(), series);
    }
}
