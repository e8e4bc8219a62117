package tinyllm.lab;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import tech.tablesaw.api.Table;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;

/** How much of a text repeats itself under penalties (chapter 4.3). The same beginning each time, always the most likely token. */
public final class Loops {

    private static final int PIECE = 4;

    /**
     * One setting.
     *
     * @param repeatedPercent tokens with which a run of four tokens ends that stood in the answer before
     * @param different distinct tokens of the answer
     */
    public record Row(String penalties, double repeatedPercent, int different, String text) {}

    private final CausalLm model;
    private final Sampler sampler;
    private final int[] prompt;
    private final int tokens;
    private final List<Row> rows = new ArrayList<>();

    private Loops(CausalLm model, Sampler sampler, int[] prompt, int tokens) {
        this.model = model;
        this.sampler = sampler;
        this.prompt = prompt;
        this.tokens = tokens;
    }

    /**
     * Nothing is generated yet.
     *
     * @param text goes in as it stands, without a chat template
     * @param tokens of each answer, 8 or more
     */
    public static Loops of(CausalLm model, Sampler sampler, String text, int tokens) {
        if (tokens < 2 * PIECE) {
            throw new IllegalArgumentException(
                    tokens + " tokens are too few to repeat anything: " + 2 * PIECE + " or more");
        }
        return new Loops(model, sampler, model.tokenizer().encode(text), tokens);
    }

    /** Goes on with a repetition penalty; 1 for none. */
    public Loops repetition(double penalty) {
        String name = penalty == 1 ? "no penalty" : "repetition " + penalty;
        return run(name, new SamplingParams(0, 0, 1, 0, penalty, 0), Adjustments.NONE);
    }

    /** Goes on with presence and frequency penalty. */
    public Loops answer(double presence, double frequency) {
        String name = presence == 0
                ? "frequency " + frequency
                : frequency == 0 ? "presence " + presence : "presence " + presence + ", frequency " + frequency;
        return run(name, SamplingParams.GREEDY, new Adjustments(presence, frequency, java.util.Map.of()));
    }

    private Loops run(String name, SamplingParams params, Adjustments adjustments) {
        Generator generator = new Generator(model).with(sampler).adjusted(adjustments);
        int[] seen = {0};
        try (Live live = new Live()) {
            Completion done = generator.complete(
                    prompt, params, tokens, piece -> live.progress(name, Math.min(++seen[0], tokens), tokens));
            int[] ids = done.tokens().stream().mapToInt(id -> id).toArray();
            rows.add(new Row(
                    name, repeated(ids), (int) done.tokens().stream().distinct().count(), done.text()));
        }
        return this;
    }

    private static double repeated(int[] ids) {
        Set<List<Integer>> before = new HashSet<>();
        int again = 0;
        for (int end = PIECE; end <= ids.length; end++) {
            List<Integer> piece = new ArrayList<>();
            for (int i = end - PIECE; i < end; i++) {
                piece.add(ids[i]);
            }
            again += before.add(piece) ? 0 : 1;
        }
        return ids.length < PIECE ? 0 : 100.0 * again / (ids.length - PIECE + 1);
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** What was written, under each setting. */
    public Table table() {
        return Tables.of(rows);
    }

    /** How much of each answer stood there before. */
    public Picture chart() {
        Row worst = rows.stream()
                .reduce((a, b) -> b.repeatedPercent() > a.repeatedPercent() ? b : a)
                .orElseThrow(() -> new IllegalStateException("nothing was generated yet"));
        Row best = rows.stream()
                .reduce((a, b) -> b.repeatedPercent() < a.repeatedPercent() ? b : a)
                .orElseThrow();
        String title = String.format(
                Locale.ROOT,
                "%.0f %% of the text repeats itself with %s, %.0f %% with %s",
                worst.repeatedPercent(),
                worst.penalties(),
                best.repeatedPercent(),
                best.penalties());
        return Charts.bars(
                title,
                "penalty",
                "repeated, % of the answer",
                rows.stream().map(Row::penalties).toList(),
                rows.stream().mapToDouble(Row::repeatedPercent).toArray());
    }
}
