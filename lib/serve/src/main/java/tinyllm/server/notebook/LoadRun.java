package tinyllm.server.notebook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.PolicyFn;
import tinyllm.engine.PolicyScheduler;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.lab.Charts;
import tinyllm.lab.chart.RequestPainter;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.load.Percentiles;
import tinyllm.model.CausalLm;

/** A notebook's server under a load that comes over HTTP: what every visitor saw, and what the engine did (chapter 3.8). */
public final class LoadRun {

    private static final List<String> SHARES = List.of("half of them", "9 of 10", "the longest");
    private static final long END_SECONDS = 2;

    private final String name;
    private final List<Visit> visits;
    private final List<ServedRequest> requests;
    private final int pagesLeft;

    private LoadRun(String name, List<Visit> visits, List<ServedRequest> requests, int pagesLeft) {
        this.name = name;
        this.visits = visits;
        this.requests = requests;
        this.pagesLeft = pagesLeft;
    }

    /** First come, first served, by the library. */
    public static LoadRun firstCome(CausalLm model, Visitors visitors, int slots) throws InterruptedException {
        return run("first come, first served", model, EngineOptions.standard(), visitors, slots);
    }

    /**
     * By a policy.
     *
     * @param name of the run, for pictures
     * @param tokensPerSecond what a second of waiting is worth
     * @param slots requests that may run at once
     * @throws RuntimeException what the policy threw
     */
    public static LoadRun of(
            String name, CausalLm model, PolicyFn policy, double tokensPerSecond, Visitors visitors, int slots)
            throws InterruptedException {
        EngineOptions options = EngineOptions.standard().with(new PolicyScheduler(policy, tokensPerSecond));
        return run(name, model, options, visitors, slots);
    }

    private static LoadRun run(String name, CausalLm model, EngineOptions options, Visitors visitors, int slots)
            throws InterruptedException {
        EngineOptions limited = options.with(SchedulerPolicy.standard().withMaxRunning(slots));
        try (NotebookServer server = Serving.serve(model, limited)) {
            Visitor.visit(server, "Hello", 1, piece -> {}); // whoever comes first would wait for classes to load
            List<Visit> visits = new ArrayList<>();
            try (Live live = new Live()) {
                visits.addAll(load(name, server, visitors, live));
            } finally {
                server.rethrow();
            }
            awaitEmpty(server);
            List<ServedRequest> requests = server.requests();
            return new LoadRun(
                    name,
                    visits,
                    requests.subList(1, requests.size()),
                    server.pages().used());
        }
    }

    private static List<Visit> load(String name, NotebookServer server, Visitors visitors, Live live)
            throws InterruptedException {
        Crowd crowd = new Crowd(name, server, visitors, live);
        try {
            Visitor.load(server)
                    .prompts((request, tokens) -> visitors.all().get(request).message())
                    .watcher(crowd)
                    .open(visitors.requests());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return crowd.visits();
    }

    /** The engine hears of the last who left a moment after them. */
    private static void awaitEmpty(NotebookServer server) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
        while (System.nanoTime() < until
                && server.requests().stream().anyMatch(r -> r.reason().isEmpty())) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        TimeUnit.MILLISECONDS.sleep(20);
    }

    public String name() {
        return name;
    }

    /** As the clients saw them, in the order of their coming. */
    public List<Visit> visits() {
        return List.copyOf(visits);
    }

    /** As the engine saw them. */
    public List<ServedRequest> requests() {
        return List.copyOf(requests);
    }

    /** Pages that requests hold after the last one's end: 0, if every one was given back. */
    public int pagesLeft() {
        return pagesLeft;
    }

    private double begin() {
        return requests.stream().mapToDouble(ServedRequest::arrived).min().orElse(0);
    }

    /** Seconds from the first visitor's coming to the last one's end. */
    public double seconds() {
        return requests.stream().mapToDouble(ServedRequest::ended).max().orElse(0) - begin();
    }

    /** Every request over time: it waits, its prompt is read, it writes; who left is marked. */
    public static Picture requests(LoadRun... runs) {
        List<RequestPainter.Strip> strips = new ArrayList<>();
        List<String> said = new ArrayList<>();
        for (LoadRun run : runs) {
            double zero = run.begin();
            strips.add(new RequestPainter.Strip(
                    run.name,
                    run.requests.stream()
                            .map(r -> new RequestPainter.Bar(
                                    r.arrived() - zero,
                                    r.began() - zero,
                                    r.first() - zero,
                                    r.ended() - zero,
                                    r.cancelled()))
                            .toList()));
            said.add(String.format(Locale.ROOT, "%s %.1f s", run.name, shares(run.firstTokens(), 1)[0]));
        }
        return RequestPainter.paint("Half of the visitors see text within: " + String.join(", ", said), strips);
    }

    private Percentiles firstTokens() {
        return Percentiles.of(visits.stream().mapToDouble(Visit::firstToken).toArray());
    }

    private Percentiles gaps() {
        return Percentiles.of(visits.stream()
                .flatMapToDouble(visit -> DoubleStream.of(visit.gaps()))
                .toArray());
    }

    /** Seconds to the first piece of text, as clients measured them. */
    public static Picture firstTokens(LoadRun... runs) {
        Map<String, double[]> series = new LinkedHashMap<>();
        for (LoadRun run : runs) {
            series.put(run.name, shares(run.firstTokens(), 1));
        }
        return Charts.bars(
                "The first text, for half: " + compared(series, "s"),
                "share of the visitors",
                "seconds at most",
                SHARES,
                series);
    }

    /** Milliseconds between two pieces of text, as clients measured them. */
    public static Picture gaps(LoadRun... runs) {
        Map<String, double[]> series = new LinkedHashMap<>();
        for (LoadRun run : runs) {
            series.put(run.name, shares(run.gaps(), 1e3));
        }
        return Charts.bars(
                "Between two pieces, for half: " + compared(series, "ms"),
                "share of the pieces",
                "milliseconds at most",
                SHARES,
                series);
    }

    private static String compared(Map<String, double[]> series, String unit) {
        List<String> said = new ArrayList<>();
        series.forEach((name, values) -> said.add(String.format(Locale.ROOT, "%s %.3g %s", name, values[0], unit)));
        return String.join(", ", said);
    }

    /** What {@link #SHARES} names; zeros of nothing. */
    private static double[] shares(Percentiles times, double scale) {
        return times.count() == 0
                ? new double[SHARES.size()]
                : new double[] {scale * times.p50(), scale * times.p90(), scale * times.max()};
    }

    @Override
    public String toString() {
        double[] first = shares(firstTokens(), 1);
        long left = requests.stream().filter(ServedRequest::cancelled).count();
        return String.format(
                Locale.ROOT,
                "%s: %d visitors in %.1f s, %d left early; first text after %.2f s (half), %.2f s (9 of 10), %.2f s (longest);"
                        + " %d pages still taken",
                name,
                visits.size(),
                seconds(),
                left,
                first[0],
                first[1],
                first[2],
                pagesLeft());
    }
}
