package tinyllm.lab;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tech.tablesaw.api.Table;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.lab.view.Live;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.DerivativeAutomaton;

/** The same question several times, free and held to an automaton: how many answers are whole texts of its language (chapter 4.3). */
public final class HeldAnswers {

    private static final int SHOWN = 160;

    /**
     * One seed.
     *
     * @param heldIs whole; cut off by the limit of tokens; or wrong
     */
    public record Row(long seed, String free, String freeIs, String held, String heldIs) {}

    private final List<Row> rows = new ArrayList<>();

    private HeldAnswers() {}

    /**
     * Asks.
     *
     * @param generator free, with whatever sampler
     * @param automaton judges both kinds of answers
     * @param mask begins anew here
     * @param seeds 1 or more: that many questions each
     */
    public static HeldAnswers of(
            Generator generator,
            DerivativeAutomaton automaton,
            AllowedTokensFn mask,
            SamplingParams sampling,
            String prompt,
            int seeds,
            int maxTokens) {
        if (seeds < 1) {
            throw new IllegalArgumentException("1 seed or more, not " + seeds);
        }
        HeldAnswers all = new HeldAnswers();
        Generator held = generator.held(automaton, mask);
        try (Live live = new Live()) {
            for (int seed = 0; seed < seeds; seed++) {
                live.progress("questions", seed, seeds);
                SamplingParams params = new SamplingParams(
                        sampling.temperature(),
                        sampling.topK(),
                        sampling.topP(),
                        sampling.minP(),
                        sampling.repetitionPenalty(),
                        sampling.seed() + seed);
                Completion free = generator.chat(prompt, params, maxTokens, piece -> {});
                Completion bound = held.chat(prompt, params, maxTokens, piece -> {});
                all.rows.add(new Row(
                        params.seed(), shown(free), judged(free, automaton), shown(bound), judged(bound, automaton)));
                live.progress("questions", seed + 1, seeds);
            }
        }
        return all;
    }

    private static String shown(Completion done) {
        String line = done.text().replace("\n", "↵");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }

    private static String judged(Completion done, DerivativeAutomaton automaton) {
        boolean whole = automaton.accepts(done.text().getBytes(StandardCharsets.UTF_8));
        return whole ? "whole" : done.finishReason().equals("stop") ? "wrong" : "cut off";
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    public Table table() {
        return Tables.of(rows);
    }

    @Override
    public String toString() {
        long free = rows.stream().filter(row -> row.freeIs().equals("whole")).count();
        long held = rows.stream().filter(row -> row.heldIs().equals("whole")).count();
        return String.format(
                Locale.ROOT,
                "of %d answers %d are whole texts of the schema when the model writes freely, %d when it is held",
                rows.size(),
                free,
                held);
    }
}
