package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tech.tablesaw.api.Table;
import tinyllm.cache.EvictFn;
import tinyllm.cache.KeyedIndex;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PageIndex;
import tinyllm.cache.PageKeysFn;
import tinyllm.cache.PrefixIndex;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.StepReport;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;

/** Requests that begin the same, through an engine that keeps their pages or not (chapter 4.2). */
public final class PrefixRun {

    /**
     * What a request cost.
     *
     * @param known tokens that the prefix cache had
     * @param ttftMs within the engine's steps until its first token; waiting for others does not count
     */
    public record Row(int request, int promptTokens, int known, int read, double ttftMs, String answer) {}

    private static final int PAGE_TOKENS = 16;
    private static final int SLOTS = 16;
    private static final int STEP_TOKENS = 4096;
    private static final int ALL_PERCENT = 100;

    private final String name;
    private final List<Row> rows = new ArrayList<>();
    private final List<StepReport> reports = new ArrayList<>();

    private PrefixRun(String name) {
        this.name = name;
    }

    /** One request after the other, each prompt read whole. */
    public static PrefixRun without(CausalLm model, Questions questions, int systemTokens, int answerTokens) {
        return run("without", model, null, questions, systemTokens, answerTokens, false);
    }

    /** The same with the library's index. */
    public static PrefixRun with(CausalLm model, Questions questions, int systemTokens, int answerTokens) {
        return run("with", model, PrefixIndex::new, questions, systemTokens, answerTokens, false);
    }

    /** The same with a learner's keys and a learner's eviction. */
    public static PrefixRun yours(
            CausalLm model,
            PageKeysFn keys,
            EvictFn eviction,
            Questions questions,
            int systemTokens,
            int answerTokens) {
        return run("yours", model, index(keys, eviction), questions, systemTokens, answerTokens, false);
    }

    /** All but the first come together, when that one has its first token; keys and eviction are a learner's, or null: nothing is kept. */
    public static PrefixRun together(
            String name,
            CausalLm model,
            @Nullable PageKeysFn keys,
            @Nullable EvictFn eviction,
            Questions questions,
            int systemTokens,
            int answerTokens) {
        IntFunction<? extends PageIndex> index = keys == null || eviction == null ? null : index(keys, eviction);
        return run(name, model, index, questions, systemTokens, answerTokens, true);
    }

    static IntFunction<PageIndex> index(PageKeysFn keys, EvictFn eviction) {
        return pageTokens -> new KeyedIndex(keys, eviction, pageTokens);
    }

    static PrefixRun run(
            String name,
            CausalLm model,
            @Nullable IntFunction<? extends PageIndex> index,
            Questions questions,
            int systemTokens,
            int answerTokens,
            boolean together) {
        if (systemTokens < 1 || answerTokens < 1) {
            throw new IllegalArgumentException("a system prompt of " + systemTokens + " tokens and answers of "
                    + answerTokens + " are not possible: both are 1 or more");
        }
        PrefixRun run = new PrefixRun(name);
        HeardIndex heard = new HeardIndex(index == null ? PrefixIndex::new : index);
        int room = questions.size() * (systemTokens + answerTokens + 8 * PAGE_TOKENS);
        EngineOptions options = EngineOptions.standard()
                .with(SchedulerPolicy.standard()
                        .withMaxRunning(SLOTS)
                        .withStepTokens(STEP_TOKENS)
                        .withChunkTokens(STEP_TOKENS))
                .with(PageBudget.tokens(room).pageTokens(PAGE_TOKENS))
                .withPrefixIndex(heard::of)
                .withPrefixCache(index != null);
        try (Live live = new Live();
                Engine engine = Engine.manual(model, options)) {
            List<RequestHandle> handles = new ArrayList<>();
            for (int i = 0; i < questions.size(); i++) {
                int[] prompt = questions.prompt(model.tokenizer(), systemTokens, i);
                handles.add(engine.submit(
                        EngineRequest.tokens(prompt).maxTokens(answerTokens).ignoreEnd()));
                if (!together || i == 0) {
                    run.steps(engine, heard, together ? 1 : Integer.MAX_VALUE);
                }
                live.progress(name + ": request " + (i + 1) + " of " + questions.size(), i + 1, questions.size());
            }
            run.steps(engine, heard, Integer.MAX_VALUE);
            for (int i = 0; i < handles.size(); i++) {
                run.add(i, questions.prompt(model.tokenizer(), systemTokens, i).length, handles.get(i));
            }
        }
        return run;
    }

    private void steps(Engine engine, HeardIndex heard, int count) {
        for (int i = 0; i < count; i++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the run was interrupted");
            }
            StepReport report = engine.step();
            heard.rethrow();
            if (report == null) {
                return;
            }
            reports.add(report);
        }
    }

    private void add(int request, int promptTokens, RequestHandle handle) {
        double ms = 0;
        int known = 0;
        for (StepReport report : reports) {
            for (StepReport.Row row : report.rows()) {
                if (row.request() == request && row.work() == StepReport.Work.PREFILL) {
                    ms += 1e3 * report.phases().seconds();
                    known += row.knownTokens();
                }
            }
        }
        rows.add(new Row(
                request,
                promptTokens,
                known,
                promptTokens - known,
                ms,
                handle.result().text()));
    }

    public String name() {
        return name;
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** What every step did, in order. */
    public List<StepReport> reports() {
        return List.copyOf(reports);
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** Known tokens of all that prompts have, in percent. */
    public double hitPercent() {
        double known = rows.stream().mapToInt(Row::known).sum();
        return ALL_PERCENT * known / rows.stream().mapToInt(Row::promptTokens).sum();
    }

    /** The time to the first token of each request, side by side. */
    public static Picture firstTokens(PrefixRun... runs) {
        Map<String, double[]> series = new LinkedHashMap<>();
        for (PrefixRun run : runs) {
            series.put(run.name, run.rows.stream().mapToDouble(Row::ttftMs).toArray());
        }
        PrefixRun last = runs[runs.length - 1];
        double first = last.rows.getFirst().ttftMs();
        double later = Timing.median(
                last.rows.stream().skip(1).mapToDouble(Row::ttftMs).toArray());
        String title = String.format(
                Locale.ROOT, "The first token comes after %.0f ms, with kept pages after %.0f ms", first, later);
        List<String> labels =
                IntStream.range(0, last.rows.size()).mapToObj(Integer::toString).toList();
        return Charts.bars(title, "request", "ms to the first token", labels, series);
    }

    /** Tokens of each prompt that were known and that were read; the title tells the share, and the guess of this name. */
    public Picture hits(String guess) {
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("known", rows.stream().mapToDouble(Row::known).toArray());
        series.put("read", rows.stream().mapToDouble(Row::read).toArray());
        String guessed = Lab.prediction(guess)
                .map(p -> String.format(Locale.ROOT, " (your guess: %s %s)", p.guess(), p.unit()))
                .orElse("");
        String title = String.format(Locale.ROOT, "%.0f %% of all prompts' tokens were known%s", hitPercent(), guessed);
        List<String> labels =
                IntStream.range(0, rows.size()).mapToObj(Integer::toString).toList();
        return Charts.bars(title, "request", "tokens of the prompt", labels, series);
    }

    /** Pages that requests hold, step by step. */
    public static Picture pages(PrefixRun... runs) {
        int[] most = new int[runs.length];
        String[] said = new String[runs.length];
        for (int i = 0; i < runs.length; i++) {
            most[i] = runs[i].reports.stream()
                    .mapToInt(report -> report.pages().used())
                    .max()
                    .orElse(0);
            said[i] = most[i] + " " + runs[i].name;
        }
        Plot plot = Charts.plot(
                runs[0].rows.size() + " requests hold at most " + String.join(", ", said),
                "step of the engine",
                "pages of " + PAGE_TOKENS + " tokens");
        for (PrefixRun run : runs) {
            plot.series(run.name + ": held", pages(run, StepReport.Pages::used));
        }
        PrefixRun last = runs[runs.length - 1];
        plot.series(last.name + ": held by two or more", pages(last, StepReport.Pages::shared));
        return plot.picture();
    }

    private static double[] pages(PrefixRun run, java.util.function.ToIntFunction<StepReport.Pages> count) {
        return run.reports.stream()
                .mapToDouble(report -> count.applyAsInt(report.pages()))
                .toArray();
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s: %.0f %% of the prompts' tokens were known; time to the first token %.0f ms at first, then %.0f ms (median)",
                name,
                hitPercent(),
                rows.getFirst().ttftMs(),
                Timing.median(rows.stream()
                        .skip(rows.size() == 1 ? 0 : 1)
                        .mapToDouble(Row::ttftMs)
                        .toArray()));
    }
}
