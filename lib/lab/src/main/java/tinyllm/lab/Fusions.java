package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.kernel.KernelText;
import tinyllm.lab.view.Picture;
import tinyllm.model.ModelConfig;

/** What one launch in place of many saves: launches and bytes, counted on the host run with a model's sizes (chapter 4.5). */
public final class Fusions {

    private final ModelConfig config;
    private final Map<String, String> sources = new LinkedHashMap<>();
    private final List<Row> rows = new ArrayList<>();

    /**
     * One operation for one token.
     *
     * @param apart launches when every array operation is one
     * @param fused launches of the kernel
     * @param apartKb kilobytes of device memory that move then
     * @param fusedKb the same for the kernel
     */
    public record Row(String operation, int apart, int fused, double apartKb, double fusedKb) {}

    private Fusions(ModelConfig config) {
        this.config = config;
        for (String exercise : List.of("4.5 rmsnorm", "4.5 rope", "4.5 swiglu")) {
            sources.put(exercise, KernelSources.library(exercise));
        }
    }

    /** With the library's kernels, for one token of a model of these sizes. */
    public static Fusions of(ModelConfig config) {
        return new Fusions(config);
    }

    /** One operation with the learner's own kernel. */
    public Fusions with(String exercise, Supplier<? extends KernelText> answer) {
        if (!sources.containsKey(exercise)) {
            throw new IllegalArgumentException("\"" + exercise + "\" is none of " + sources.keySet());
        }
        sources.put(exercise, KernelSources.of(exercise, answer));
        rows.clear();
        return this;
    }

    public List<Row> rows() {
        if (rows.isEmpty()) {
            rows.add(row("residual + RMSNorm", FusionSteps.norm(config.hiddenSize(), source("4.5 rmsnorm"))));
            rows.add(row(
                    "RoPE of the queries",
                    FusionSteps.rope(config.numAttentionHeads(), config.headDim(), source("4.5 rope"))));
            rows.add(row("SwiGLU", FusionSteps.swiglu(config.intermediateSize(), source("4.5 swiglu"))));
        }
        return List.copyOf(rows);
    }

    private String source(String exercise) {
        return java.util.Objects.requireNonNull(sources.get(exercise));
    }

    private static Row row(String operation, FusionSteps.Both both) {
        return new Row(
                operation,
                both.apart().launches(),
                both.fused().launches(),
                both.apart().bytes() / 1e3,
                both.fused().bytes() / 1e3);
    }

    public Table table() {
        return Tables.of(rows());
    }

    /** Kilobytes apart and fused. */
    public Picture chart() {
        int apart = rows().stream().mapToInt(Row::apart).sum();
        int fused = rows().stream().mapToInt(Row::fused).sum();
        double saved =
                rows().stream().mapToDouble(r -> r.apartKb() - r.fusedKb()).sum();
        double all = rows().stream().mapToDouble(Row::apartKb).sum();
        Map<String, double[]> bars = new LinkedHashMap<>();
        bars.put(
                "each array operation a launch",
                rows().stream().mapToDouble(Row::apartKb).toArray());
        bars.put("one launch", rows().stream().mapToDouble(Row::fusedKb).toArray());
        return Charts.bars(
                "%d launches instead of %d, and %.0f %% of the bytes saved".formatted(fused, apart, 100 * saved / all),
                "operation, for one token",
                "kB moved (counted on the host run)",
                rows().stream()
                        .map(r -> r.operation() + " (" + r.apart() + " → " + r.fused() + ")")
                        .toList(),
                bars);
    }
}
