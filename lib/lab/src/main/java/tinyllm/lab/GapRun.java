package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tech.tablesaw.api.Table;
import tinyllm.cache.PageBudget;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.StepReport;
import tinyllm.lab.chart.SlotPainter;
import tinyllm.lab.chart.SlotPainter.Strip;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** Four requests are writing when a long prompt arrives: how long they wait for their next tokens (chapter 2.7). */
public final class GapRun {

    /** What a request has written. */
    public record Answer(long request, String prompt, String continuation) {}

    private static final List<String> WRITERS = List.of(
            "The capital of France is",
            "Once upon a time, in a village by the sea, there lived",
            "To make a good cup of tea, first",
            "A prime number is a number that");

    private static final String LONG = "The sea was calm that morning, and the boats lay still in the harbour. ";
    private static final int STEP_TOKENS = 4096;
    private static final int BEFORE = 4; // steps that are shown before it comes
    private static final int AFTER = 6;
    private static final int NEWCOMER = 4;
    private static final int SLOTS = 5;
    private static final int WRITTEN = 400;

    private final String name;
    private final List<StepReport> reports = new ArrayList<>();
    private final StringBuilder[] texts = new StringBuilder[SLOTS];
    private int arrival; // place of the first report after the long prompt came

    private GapRun(String name) {
        this.name = name;
        Arrays.setAll(texts, i -> new StringBuilder());
    }

    /**
     * Runs until the long prompt has its first tokens.
     *
     * @param name of the run, for pictures
     * @param promptTokens of the long prompt
     * @param chunkTokens of the policy; as many as the prompt has, or more, to read it whole
     */
    public static GapRun of(String name, CausalLm model, SchedulerStep scheduler, int promptTokens, int chunkTokens) {
        GapRun run = new GapRun(name);
        try (Live live = new Live()) {
            run.serve(model, scheduler, promptTokens, chunkTokens, live);
        }
        return run;
    }

    /** The same without a picture: what is measured draws nothing meanwhile. */
    static GapRun silent(CausalLm model, SchedulerStep scheduler, int promptTokens, int chunkTokens) {
        GapRun run = new GapRun(chunkTokens + "");
        run.serve(model, scheduler, promptTokens, chunkTokens, null);
        return run;
    }

    private void serve(
            CausalLm model, SchedulerStep scheduler, int promptTokens, int chunkTokens, @Nullable Live live) {
        if (promptTokens < 1 || promptTokens > STEP_TOKENS - SLOTS) {
            throw new IllegalArgumentException(
                    "the long prompt has 1 to " + (STEP_TOKENS - SLOTS) + " tokens, not " + promptTokens);
        }
        HeardScheduler heard = new HeardScheduler(scheduler);
        EngineOptions options = EngineOptions.standard()
                .with(SchedulerPolicy.standard()
                        .withMaxRunning(SLOTS)
                        .withStepTokens(STEP_TOKENS)
                        .withChunkTokens(chunkTokens))
                .with(PageBudget.tokens(promptTokens + SLOTS * 2 * WRITTEN))
                .withPrefixCache(false)
                .with(heard);
        try (Engine engine = Engine.manual(model, options)) {
            for (int i = 0; i < WRITERS.size(); i++) {
                submit(engine, model.tokenizer().encode(WRITERS.get(i)), i);
            }
            steps(engine, heard, BEFORE + 1, live);
            arrival = reports.size();
            submit(engine, longPrompt(model, promptTokens), NEWCOMER);
            while (!chose(reports.getLast(), NEWCOMER) && reports.size() <= arrival + promptTokens) {
                steps(engine, heard, 1, live);
            }
            steps(engine, heard, AFTER, live);
        }
    }

    private void submit(Engine engine, int[] prompt, int number) {
        engine.submit(EngineRequest.tokens(prompt)
                .maxTokens(Math.min(WRITTEN, engine.capacity() - prompt.length))
                .ignoreEnd()
                .onToken(token -> texts[number].append(token.text())));
    }

    private static boolean chose(StepReport report, long request) {
        return report.rows().stream().anyMatch(row -> row.request() == request && row.chosen() >= 0);
    }

    private void steps(Engine engine, HeardScheduler heard, int count, @Nullable Live live) {
        for (int i = 0; i < count; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the run was interrupted");
            }
            StepReport report = engine.step();
            heard.rethrow();
            if (report == null) {
                throw new IllegalStateException(engine.health().lastFailure());
            }
            reports.add(report);
            if (live != null) {
                live.show(this::timeline);
            }
        }
    }

    private static int[] longPrompt(CausalLm model, int tokens) {
        int[] sentence = model.tokenizer().encode(LONG);
        int[] prompt = new int[tokens];
        Arrays.setAll(prompt, i -> sentence[i % sentence.length]);
        return prompt;
    }

    public String name() {
        return name;
    }

    /** What every step did, a few from before the long prompt came among them. */
    public List<StepReport> reports() {
        return List.copyOf(reports);
    }

    private double secondsOf(int first, int end) {
        return reports.subList(first, end).stream()
                .mapToDouble(report -> report.phases().seconds())
                .sum();
    }

    /** The step, counted from 0, that ends with the long prompt's first token. */
    private int firstTokenStep() {
        for (int i = arrival; i < reports.size(); i++) {
            if (chose(reports.get(i), NEWCOMER)) {
                return i;
            }
        }
        throw new IllegalStateException("the long prompt got no token in " + (reports.size() - arrival)
                + " steps: the scheduler does not read it to its end");
    }

    /** Seconds from the long prompt's arrival to its first token. */
    public double firstToken() {
        return secondsOf(arrival, firstTokenStep() + 1);
    }

    /** The longest time between two tokens of one of the writing requests, from the long prompt's arrival to its first token. */
    public double longestGap() {
        double longest = 0;
        for (int writer = 0; writer < WRITERS.size(); writer++) {
            int last = arrival;
            for (int i = arrival; i <= firstTokenStep(); i++) {
                if (chose(reports.get(i), writer) || i == firstTokenStep()) {
                    longest = Math.max(longest, secondsOf(last, i + 1));
                    last = i + 1;
                }
            }
        }
        return longest;
    }

    /** Who held which slot at each step. */
    public Picture timeline() {
        String title = name + ": four write, a long prompt comes in step " + arrival;
        return SlotPainter.paint(
                title,
                List.of(new Strip(name, SLOTS, SlotTimeline.cells(reports))),
                reports.size(),
                title + ", " + reports.size() + " steps.");
    }

    /** What everybody wrote until the run was ended. */
    public Table answers() {
        List<Answer> rows = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            rows.add(new Answer(i, i < NEWCOMER ? WRITERS.get(i) : LONG + "…", texts[i].toString()));
        }
        return Tables.of(rows);
    }

    /**
     * How long the writing requests waited for each token, over the time since the long prompt came; a guess that was kept stands as a
     * dashed line.
     *
     * @param guess the name of a prediction in seconds
     */
    public static Picture gaps(String guess, GapRun... runs) {
        List<String> parts = new ArrayList<>();
        for (GapRun run : runs) {
            parts.add(String.format(Locale.ROOT, "%s %.2f s", run.name, run.longestGap()));
        }
        Plot plot = Charts.plot(
                        "The longest gap between two tokens: " + String.join(", ", parts),
                        "seconds since the long prompt came",
                        "seconds since the token before")
                .logY();
        for (GapRun run : runs) {
            run.addTo(plot);
        }
        return plot.guess(guess).picture();
    }

    /** A point for each step in which somebody who writes got a token; the first step, which reads their prompts, is none. */
    private void addTo(Plot plot) {
        List<double[]> points = new ArrayList<>();
        double last = -secondsOf(1, arrival);
        double now = last;
        for (StepReport report : reports.subList(1, reports.size())) {
            now += report.phases().seconds();
            if (report.rows().stream().anyMatch(row -> row.request() < NEWCOMER && row.chosen() >= 0)) {
                points.add(new double[] {now, now - last});
                last = now;
            }
        }
        plot.series(
                name,
                points.stream().mapToDouble(point -> point[0]).toArray(),
                points.stream().mapToDouble(point -> point[1]).toArray());
    }
}
