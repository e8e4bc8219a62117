package tinyllm.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.cache.PageBudget;
import tinyllm.engine.Completion;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.StepListener;
import tinyllm.engine.StepReport;
import tinyllm.model.CausalLm;

/**
 * The engine of a step of the ladder that answers requests together. The memory for keys and values is the same on all of these steps:
 * room for {@value #RESERVATIONS} texts of the longest length, {@value #LONGEST} tokens. Without pages a request reserves that much, since
 * nobody knows how long it becomes; so that many run at once. With pages as many run as there are, while their texts fit.
 */
final class StageEngine {

    private static final int LONGEST = 1024;
    private static final int RESERVATIONS = 4;
    private static final int PAGE_TOKENS = 16;
    private static final int WHOLE_PROMPTS = 1 << 16;

    private final CausalLm model;
    private final Stage stage;
    private final int requests;

    StageEngine(CausalLm model, Stage stage, int requests) {
        this.model = model;
        this.stage = stage;
        this.requests = requests;
    }

    private EngineOptions options(List<StepReport> reports) {
        int atOnce = stage.has(Feature.PAGED) ? requests : Math.min(requests, RESERVATIONS);
        SchedulerPolicy policy = SchedulerPolicy.standard().withMaxRunning(atOnce);
        if (!stage.has(Feature.CHUNKED_PREFILL)) {
            policy = policy.withStepTokens(WHOLE_PROMPTS).withChunkTokens(WHOLE_PROMPTS);
        }
        return EngineOptions.standard()
                .with(policy)
                .with(PageBudget.tokens(RESERVATIONS * LONGEST).pageTokens(PAGE_TOKENS))
                .withPrefixCache(stage.has(Feature.PREFIX_CACHE))
                .with((StepListener) reports::add);
    }

    /** One request. */
    Completion complete(int[] prompt, int newTokens) {
        try (Engine engine = new Engine(model, options(new ArrayList<>()))) {
            return engine.submit(EngineRequest.tokens(prompt).maxTokens(newTokens))
                    .result();
        }
    }

    /** All of them at once: what they took, the longest step that others waited for, and the most memory that their keys and values had. */
    Map<String, Object> all(List<int[]> prompts, int newTokens) {
        List<StepReport> reports = new ArrayList<>();
        long start = System.nanoTime();
        int tokens = 0;
        try (Engine engine = new Engine(model, options(reports))) {
            List<RequestHandle> handles = new ArrayList<>();
            prompts.forEach(prompt ->
                    handles.add(engine.submit(EngineRequest.tokens(prompt).maxTokens(newTokens))));
            for (RequestHandle handle : handles) {
                tokens += handle.result().tokens().size();
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("requests_per_s", prompts.size() / seconds);
        row.put("all_tokens_per_s", tokens / seconds);
        row.put(
                "longest_gap_ms",
                reports.stream()
                        .filter(report -> report.decodeRows() > 0)
                        .mapToDouble(report -> report.phases().seconds() * 1e3)
                        .max()
                        .orElse(Double.NaN));
        row.put("cache_tokens_held", held(reports));
        return row;
    }

    /** Tokens of the cache's room that requests had at most: whole reservations, or whole pages. */
    private long held(List<StepReport> reports) {
        return reports.stream()
                .mapToLong(report -> stage.has(Feature.PAGED)
                        ? (long) report.pages().used() * PAGE_TOKENS
                        : (long) report.rows().size() * LONGEST)
                .max()
                .orElse(0);
    }
}
