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
import tinyllm.engine.RequestHandle;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** Requests served by an engine under one scheduler, step by step; its slots are drawn while it runs (chapter 2.6). */
public final class BatchRun {

    /** What became of a request. */
    public record Answer(long request, String prompt, String continuation, int tokens, int firstStep, int lastStep) {}

    /** Enough for every prompt at once. */
    private static final int STEP_TOKENS = 4096;

    private static final int PAGE_TOKENS = 16;

    private final String name;
    private final int slots;
    private final Requests requests;
    private final List<StepReport> reports = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();

    private BatchRun(String name, int slots, Requests requests) {
        this.name = name;
        this.slots = slots;
        this.requests = requests;
    }

    /**
     * Serves all requests with pages enough for every slot.
     *
     * @param name of the run, for pictures
     * @param slots requests that may run at once
     */
    public static BatchRun of(String name, CausalLm model, SchedulerStep scheduler, Requests requests, int slots) {
        return of(name, model, scheduler, requests, slots, roomFor(model, requests, slots));
    }

    /** Tokens for which nobody ever has to leave. */
    private static int roomFor(CausalLm model, Requests requests, int slots) {
        int longest = requests.prompts().stream()
                        .mapToInt(prompt -> model.tokenizer().encode(prompt).length)
                        .max()
                        .orElseThrow()
                + Arrays.stream(requests.answers()).max().orElseThrow();
        return (slots + 1) * (longest + 2 * PAGE_TOKENS);
    }

    /** The same with pages for so many tokens in all, in pages of 16: with few, somebody has to leave. */
    public static BatchRun of(
            String name, CausalLm model, SchedulerStep scheduler, Requests requests, int slots, int pageTokens) {
        BatchRun run = new BatchRun(name, slots, requests);
        try (Live live = new Live()) {
            run.serve(model, scheduler, pageTokens, live);
        }
        return run;
    }

    /** The same without a picture: what is measured draws nothing meanwhile. */
    static BatchRun silent(String name, CausalLm model, SchedulerStep scheduler, Requests requests, int slots) {
        return silent(name, model, scheduler, requests, slots, roomFor(model, requests, slots));
    }

    /** The same with pages for so many tokens in all. */
    static BatchRun silent(
            String name, CausalLm model, SchedulerStep scheduler, Requests requests, int slots, int pageTokens) {
        BatchRun run = new BatchRun(name, slots, requests);
        run.serve(model, scheduler, pageTokens, null);
        return run;
    }

    private void serve(CausalLm model, SchedulerStep scheduler, int pageTokens, @Nullable Live live) {
        HeardScheduler heard = new HeardScheduler(scheduler);
        EngineOptions options = EngineOptions.standard()
                .with(SchedulerPolicy.standard()
                        .withMaxRunning(slots)
                        .withStepTokens(STEP_TOKENS)
                        .withChunkTokens(STEP_TOKENS))
                .with(PageBudget.tokens(pageTokens).pageTokens(PAGE_TOKENS))
                .withPrefixCache(false)
                .with(heard);
        try (Engine engine = Engine.manual(model, options)) {
            List<RequestHandle> handles = new ArrayList<>();
            for (int i = 0; i < requests.size(); i++) {
                handles.add(engine.submit(requests.engineRequest(i)));
            }
            for (StepReport report = engine.step(); report != null; report = engine.step()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the run was interrupted");
                }
                reports.add(report);
                if (live != null) {
                    live.show(() -> SlotTimeline.soFar(this));
                }
            }
            heard.rethrow();
            handles.forEach(handle -> texts.add(handle.result().text()));
        }
    }

    public String name() {
        return name;
    }

    /** Requests that could run at once. */
    public int slots() {
        return slots;
    }

    /** What every step did, in order. */
    public List<StepReport> reports() {
        return List.copyOf(reports);
    }

    /** The number of the request that was submitted first is 0, and so on. */
    Requests requests() {
        return requests;
    }

    public int steps() {
        return reports.size();
    }

    /** Tokens that were chosen. */
    public int tokens() {
        return reports.stream().mapToInt(StepReport::chosenTokens).sum();
    }

    /** Seconds within the steps; drawing in between does not count. */
    public double seconds() {
        return reports.stream().mapToDouble(report -> report.phases().seconds()).sum();
    }

    /** Tokens that were chosen per second. */
    public double tokensPerSecond() {
        return tokens() / seconds();
    }

    /** The share of the slots, over all steps, in which nobody had anything to do, in percent. */
    public double emptyPercent() {
        long busy = reports.stream()
                .flatMap(report -> report.rows().stream())
                .filter(row -> row.tokens() > 0)
                .count();
        return 100 - 100.0 * busy / ((long) slots * steps());
    }

    /** Who held which slot at each step. */
    public Picture timeline() {
        return SlotTimeline.of(this);
    }

    /** The same as it came to be, step by step. */
    public Film film() {
        return SlotTimeline.film(this);
    }

    /** The answers, and the steps in which their first and last token came. */
    public Table answers() {
        List<Answer> rows = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            int request = i;
            int[] steps = reports.stream()
                    .filter(report ->
                            report.rows().stream().anyMatch(row -> row.request() == request && row.chosen() >= 0))
                    .mapToInt(report -> (int) report.step())
                    .toArray();
            rows.add(new Answer(
                    i,
                    requests.prompts().get(i),
                    texts.get(i),
                    requests.answers()[i],
                    steps[0],
                    steps[steps.length - 1]));
        }
        return Tables.of(rows);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s: %d tokens in %d steps and %.2f s, %.1f tokens/s; %.0f %% of the slots empty",
                name,
                tokens(),
                steps(),
                seconds(),
                tokensPerSecond(),
                emptyPercent());
    }
}
