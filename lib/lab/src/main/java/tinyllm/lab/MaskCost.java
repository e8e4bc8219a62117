package tinyllm.lab;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.lab.chart.BarPainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.sampling.grammar.TokenTrie;

/** What the masks of one text take, the first time that their state comes and when it comes again, beside the model (chapter 4.3). */
public final class MaskCost {

    /** One thing that is done, in milliseconds. */
    public record Row(String what, double medianMs, double mostMs) {}

    private final List<String> written;
    private final double[] first;
    private final double[] again;
    private final double model;
    private final double tree;

    private MaskCost(MaskedText text, double[] first, double[] again, double tree) {
        this.written = text.written();
        this.first = first;
        this.again = again;
        this.model = 1e3 * text.secondsPerToken();
        this.tree = tree;
    }

    /**
     * Goes along a text that was written, with automata and masks that know nothing yet.
     *
     * @param automaton makes a new one, whose states come in the same order for the same text
     * @param mask begins anew in each round
     * @param rounds 1 or more; medians of them
     */
    public static MaskCost of(
            CausalLm model,
            MaskedText text,
            Supplier<? extends ByteAutomaton> automaton,
            AllowedTokensFn mask,
            int rounds) {
        int places = text.states().size();
        double[][] first = new double[places][rounds];
        double[][] again = new double[places][rounds];
        double[] trees = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the measurement was interrupted");
            }
            long start = System.nanoTime();
            TokenTrie trie = new TokenTrie(model.tokenizer());
            trees[round] = millis(start);
            int end = model.eosIds().stream().min(Integer::compare).orElseThrow();
            ByteAutomaton fresh = automaton.get();
            mask.begin(fresh, trie.root(), end);
            int state = fresh.start();
            for (int i = 0; i < places; i++) {
                first[i][round] = timed(mask, state);
                again[i][round] = timed(mask, state);
                state = i + 1 < places ? after(model, fresh, state, text.tokens()[i]) : state;
            }
        }
        return new MaskCost(text, medians(first), medians(again), Timing.median(trees));
    }

    private static int after(CausalLm model, ByteAutomaton automaton, int state, int token) {
        int now = state;
        for (byte b : model.tokenizer().bytes(token)) {
            now = automaton.next(now, b & 255);
        }
        return now;
    }

    private static double timed(AllowedTokensFn mask, int state) {
        long start = System.nanoTime();
        mask.allowed(state);
        return millis(start);
    }

    private static double millis(long start) {
        return (System.nanoTime() - start) / 1e6;
    }

    private static double[] medians(double[][] rounds) {
        double[] medians = new double[rounds.length];
        for (int i = 0; i < rounds.length; i++) {
            medians[i] = Timing.median(rounds[i]);
        }
        return medians;
    }

    private static double most(double[] values) {
        double most = 0;
        for (double value : values) {
            most = Math.max(most, value);
        }
        return most;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    public List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.add(new Row("the tree of the vocabulary, once", tree, tree));
        rows.add(new Row("a mask along the text, nothing known before", Timing.median(first), most(first)));
        rows.add(new Row("a mask that is known", Timing.median(again), most(again)));
        rows.add(new Row("a token of the model, masks among it", model, model));
        return rows;
    }

    public Table table() {
        return Tables.of(rows());
    }

    /** Milliseconds of each mask as the text grows; the dashed line is a token of the model. */
    public Picture chart() {
        Map<String, double[]> series = new LinkedHashMap<>();
        series.put("mask when nothing is known before", first);
        series.put("the same mask again", again);
        String title = String.format(
                Locale.ROOT,
                "A new state costs up to %.0f ms, a known one %.1f µs; a token %.0f ms",
                most(first),
                1e3 * Timing.median(again),
                model);
        return BarPainter.paint(
                title,
                "the text",
                "milliseconds",
                written,
                series,
                List.of(new Level("a token of the model", model, true)),
                toString());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "masks of this text take %.1f ms a token the first time and %.4f ms again; the model takes %.1f ms a token",
                sum(first) / first.length,
                sum(again) / again.length,
                model);
    }
}
