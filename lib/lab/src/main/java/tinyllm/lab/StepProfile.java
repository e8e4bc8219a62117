package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.cache.KvCache;
import tinyllm.kernel.Bandwidth;
import tinyllm.kernel.KernelSet;
import tinyllm.lab.chart.TimelinePainter;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.ModelConfig;
import tinyllm.model.ModelOperation;
import tinyllm.profile.OperationTimer;
import tinyllm.profile.RoofFn;
import tinyllm.profile.Work;
import tinyllm.profile.WorkFn;

/** Where the time of one step goes, operation by operation, beside what memory and arithmetic would need (chapter 4.6). */
public final class StepProfile {

    private static final long READ = 256L << 20; // more than most caches hold
    private static final int ROUNDS = 5;

    /**
     * One kind of operation, all layers together.
     *
     * @param ms the median of several steps
     * @param percent of all operations' time
     * @param leastMs the roof's time for its work; NaN where no work is counted
     * @param boundBy "memory" or "arithmetic"
     */
    public record Row(String operation, double ms, double percent, double leastMs, String boundBy) {}

    private final String step;
    private final Ceiling ceiling;
    private final List<Row> rows;
    private final Map<String, Work> works;
    private final List<OperationTimer.Event> events;
    private final double plainMs;

    private StepProfile(
            String step,
            Ceiling ceiling,
            List<Row> rows,
            Map<String, Work> works,
            List<OperationTimer.Event> events,
            double plainMs) {
        this.step = step;
        this.ceiling = ceiling;
        this.rows = List.copyOf(rows);
        this.works = works;
        this.events = events;
        this.plainMs = plainMs;
    }

    /**
     * What a machine can do at best.
     *
     * @param flopsPerSecond of a large matrix product
     * @param bytesPerSecond of reading memory
     */
    public record Ceiling(double flopsPerSecond, double bytesPerSecond) {
        public Ceiling {
            if (!(flopsPerSecond > 0) || !(bytesPerSecond > 0)) {
                throw new IllegalArgumentException("a ceiling lies above 0, not at " + flopsPerSecond
                        + " operations and " + bytesPerSecond + " bytes a second");
            }
        }
    }

    /** This machine at best, measured now: the best of several rounds, since what else runs here can only make one worse. */
    public static Ceiling ceiling() {
        double gbs = 0;
        double gflops = 0;
        for (int round = 0; round < (Lab.quick() ? 1 : ROUNDS); round++) {
            gbs = Math.max(gbs, Math.max(Ceilings.memoryGbs(), Bandwidth.read(READ) / 1e9));
            gflops = Math.max(gflops, Ceilings.matmulGflops());
        }
        return new Ceiling(gflops * 1e9, gbs * 1e9);
    }

    /** Times one model's steps with one way of counting. */
    public record Profiler(CausalLm model, WorkFn work, RoofFn roof, Ceiling ceiling) {

        /** A step of so many tokens over a text of so many; five times (three in quick mode), after one that does not count. */
        public StepProfile step(int tokens, int cached) {
            if (tokens < 1 || cached < 0 || tokens + cached > model.config().maxPositionEmbeddings()) {
                throw new IllegalArgumentException("a step of " + tokens + " tokens over " + cached
                        + " does not fit into a context of " + model.config().maxPositionEmbeddings());
            }
            return measure(this, tokens, cached);
        }
    }

    /** Profiles steps of a model. */
    public static Profiler of(CausalLm model, WorkFn work, RoofFn roof, Ceiling ceiling) {
        return new Profiler(model, work, roof, ceiling);
    }

    private static StepProfile measure(Profiler p, int tokens, int cached) {
        OperationTimer timer = new OperationTimer();
        CausalLm timed = p.model().timed(timer);
        List<Map<String, Double>> totals = new ArrayList<>();
        int runs = Lab.quick() ? 3 : 5;
        double[] plain = new double[runs];
        List<OperationTimer.Event> events = List.of();
        try (KvCache cache = p.model().newCache(tokens + cached);
                Live live = new Live()) {
            if (cached > 0) {
                p.model().lastLogits(text(cached), cache).eval();
            }
            int[] step = text(tokens);
            for (int run = 0; run <= runs; run++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the measurement was interrupted");
                }
                live.progress("step " + run + " of " + runs, run, runs);
                // Plain and timed in turn, so that whatever else runs on the machine meets both.
                long start = System.nanoTime();
                p.model().lastLogits(step, cache).eval();
                plain[Math.max(run - 1, 0)] = (System.nanoTime() - start) / 1e6;
                cache.rewind(tokens);
                timer.reset();
                timed.lastLogits(step, cache).eval();
                cache.rewind(tokens);
                if (run > 0) {
                    totals.add(timer.totals());
                    events = timer.events();
                }
            }
        }
        Map<String, Work> works = works(p, tokens, cached);
        String name = tokens == 1 ? "decode" : "prefill of " + tokens;
        return new StepProfile(name, p.ceiling(), rows(p, totals, works), works, events, Timing.median(plain));
    }

    /** Which ids they are makes no difference to the time. */
    private static int[] text(int length) {
        return IntStream.range(0, length).map(i -> 100 + i % 900).toArray();
    }

    private static Map<String, Work> works(Profiler p, int tokens, int cached) {
        ModelConfig c = p.model().config();
        Map<String, Work> works = new LinkedHashMap<>();
        for (ModelOperation operation : p.model().operations()) {
            Work work = Work.NONE;
            if (operation.matrices().isEmpty()) {
                int bytes = p.model().kernels() == KernelSet.OWN ? 2 : Float.BYTES; // as their caches store a number
                work = p.work()
                        .attention(tokens, cached, c.numAttentionHeads(), c.numKeyValueHeads(), c.headDim(), bytes)
                        .times(c.numHiddenLayers());
            }
            // The output layer runs for the last token alone.
            int rows = operation.name().equals("output layer") ? 1 : tokens;
            for (ModelOperation.Matrix m : operation.matrices()) {
                double bits = 8.0 * m.bytes() / ((double) m.in() * m.out());
                work = work.plus(p.work().linear(rows, m.in(), m.out(), bits));
            }
            works.put(operation.name(), work);
        }
        return works;
    }

    private static List<Row> rows(Profiler p, List<Map<String, Double>> totals, Map<String, Work> works) {
        Map<String, Double> medians = totals.getFirst().keySet().stream()
                .collect(Collectors.toMap(
                        name -> name,
                        name -> Timing.median(totals.stream()
                                .mapToDouble(t -> t.getOrDefault(name, 0.0))
                                .toArray())));
        double all = medians.values().stream().mapToDouble(ms -> ms).sum();
        double flops = p.ceiling().flopsPerSecond();
        double bytes = p.ceiling().bytesPerSecond();
        return medians.entrySet().stream()
                .sorted(Comparator.comparingDouble(e -> -e.getValue()))
                .map(e -> {
                    Work work = works.get(e.getKey());
                    double least = work == null ? Double.NaN : 1e3 * p.roof().seconds(work, flops, bytes);
                    String bound =
                            work == null ? "" : p.roof().memoryBound(work, flops, bytes) ? "memory" : "arithmetic";
                    return new Row(e.getKey(), e.getValue(), 100 * e.getValue() / all, least, bound);
                })
                .toList();
    }

    public List<Row> rows() {
        return rows;
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** Milliseconds of one kind of operation; 0 when the step has none of it. */
    public double ms(String operation) {
        return rows.stream()
                .filter(r -> r.operation().equals(operation))
                .mapToDouble(Row::ms)
                .sum();
    }

    /** Milliseconds of all operations together, watched. */
    public double ms() {
        return rows.stream().mapToDouble(Row::ms).sum();
    }

    /** Milliseconds of the same step without a stopwatch. */
    public double plainMs() {
        return plainMs;
    }

    /** Milliseconds that the counted work would take at the roof, one operation after the other. */
    public double leastMs() {
        return rows.stream().mapToDouble(Row::leastMs).filter(Double::isFinite).sum();
    }

    /** The share of the step that would be needed at the roof, in percent. */
    public double percentOfRoof() {
        return 100 * leastMs() / ms();
    }

    /** Time by operation, beside the roof's. */
    public Picture chart() {
        Row most = rows.getFirst();
        String title = String.format(
                Locale.ROOT,
                "%s: %.1f ms, %.0f %% of it in \"%s\"; %.0f %% of the roof",
                step,
                ms(),
                most.percent(),
                most.operation(),
                percentOfRoof());
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("measured", rows.stream().mapToDouble(Row::ms).toArray());
        series.put(
                "at the roof",
                rows.stream()
                        .mapToDouble(r -> Double.isFinite(r.leastMs()) ? r.leastMs() : 0)
                        .toArray());
        return Charts.bars(
                title,
                "operation, all layers",
                "ms",
                rows.stream().map(Row::operation).toList(),
                series);
    }

    /** The last step that was timed, operation after operation. */
    public Picture timeline() {
        List<String> names = events.stream()
                .sorted(Comparator.comparingDouble(OperationTimer.Event::startMs))
                .map(OperationTimer.Event::operation)
                .distinct()
                .toList();
        double end =
                events.stream().mapToDouble(e -> e.startMs() + e.ms()).max().orElse(0);
        String title = String.format(
                Locale.ROOT, "%s: %d operations, one after the other, in %.1f ms", step, events.size(), end);
        List<TimelinePainter.Bar> bars = events.stream()
                .map(e -> new TimelinePainter.Bar(names.indexOf(e.operation()), e.startMs(), e.ms()))
                .toList();
        String text = title + ": "
                + rows.stream()
                        .map(r -> String.format(Locale.ROOT, "%s %.1f ms", r.operation(), r.ms()))
                        .collect(Collectors.joining(", "))
                + ".";
        return TimelinePainter.paint(title, "ms since the step began", names, bars, text);
    }

    /** Several steps' operations under one roof: the first one's machine. */
    public static Roofline roofline(StepProfile... profiles) {
        if (profiles.length == 0) {
            throw new IllegalArgumentException("there is no step to place: give at least one profile");
        }
        Ceiling ceiling = profiles[0].ceiling;
        Roofline roof = Roofline.of(ceiling.flopsPerSecond() / 1e9, ceiling.bytesPerSecond() / 1e9);
        Arrays.stream(profiles)
                .forEach(profile -> profile.rows.forEach(row -> {
                    Work work = profile.works.get(row.operation());
                    if (work != null && work.flops() > 0) {
                        roof.with(profile.step, row.operation(), work, row.ms());
                    }
                }));
        return roof;
    }
}
