package tinyllm.lab;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.lab.chart.MaskGrid;
import tinyllm.lab.chart.MaskGrid.Line;
import tinyllm.lab.chart.MaskGrid.Wish;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * An answer that is held to an automaton by a mask, streamed while it is written; then the model reads it once more, and what the mask
 * did at each place is kept (chapter 4.3). Holds Java numbers only.
 */
public final class MaskedText {

    private static final int WISHES = 4;
    private static final int MOST_LINES = 48;
    private static final String END = "⟨end⟩";

    /**
     * What one place was like.
     *
     * @param allowed tokens that might come
     * @param removedPercent probability that the mask took away
     * @param wish the most likely token without the mask
     */
    public record Row(String written, int allowed, double removedPercent, String wish, boolean wishAllowed) {}

    private final CausalLm model;
    private final Completion done;
    private final boolean whole;
    private final List<Line> lines = new ArrayList<>();
    private final List<Integer> states = new ArrayList<>();

    private MaskedText(CausalLm model, ByteAutomaton automaton, AllowedTokensFn mask, int[] prompt, Completion done) {
        this.model = model;
        this.done = done;
        int[] answer = done.tokens().stream().mapToInt(id -> id).toArray();
        boolean ended = done.finishReason().equals("stop");
        int places = answer.length + (ended ? 1 : 0);
        int[] read =
                IntStream.concat(IntStream.of(prompt), IntStream.of(answer)).toArray();
        int state = automaton.start();
        try (Scope _ = Scope.open()) {
            Tensor logits = model.logits(read); // [L, V]
            for (int i = 0; i < places; i++) {
                int row = prompt.length - 1 + i;
                double[] p = probabilities(
                        logits.slice(0, row, row + 1).toFloats(),
                        model.tokenizer().vocabSize());
                states.add(state);
                lines.add(line(p, mask.allowed(state), i < answer.length ? answer[i] : -1));
                state = i < answer.length ? after(automaton, state, answer[i]) : state;
            }
        }
        this.whole = ended && automaton.accepts(state);
    }

    /**
     * Asks the model, and holds its answer.
     *
     * @param generator of the model, with whatever sampler
     * @param mask begins anew here
     * @param prompt a user's message
     */
    public static MaskedText of(
            CausalLm model,
            Generator generator,
            ByteAutomaton automaton,
            AllowedTokensFn mask,
            SamplingParams sampling,
            String prompt,
            int maxTokens) {
        Completion done = Chat.stream(generator.held(automaton, mask), sampling, prompt, maxTokens);
        return new MaskedText(model, automaton, mask, prompt(model, prompt), done);
    }

    static int[] prompt(CausalLm model, String message) {
        var messages = List.of(Map.<String, Object>of("role", "user", "content", message));
        return model.tokenizer().encode(model.chatTemplate().render(messages, List.of(), true));
    }

    private int after(ByteAutomaton automaton, int state, int token) {
        int now = state;
        for (byte b : model.tokenizer().bytes(token)) {
            now = automaton.next(now, b & 255);
        }
        return now;
    }

    private static double[] probabilities(float[] logits, int known) {
        int count = Math.min(known, logits.length);
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            max = Math.max(max, logits[i]);
        }
        double[] p = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            p[i] = Math.exp(logits[i] - max);
            sum += p[i];
        }
        for (int i = 0; i < count; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** @param token that came; −1 for the end */
    private Line line(double[] p, BitSet mask, int token) {
        boolean mayEnd = model.eosIds().stream().anyMatch(mask::get);
        double left = 0;
        int allowed = 0;
        for (int id = 0; id < p.length; id++) {
            if (may(id, mask, mayEnd)) {
                left += p[id];
                allowed++;
            }
        }
        List<Wish> wishes = IntStream.of(best(p))
                .mapToObj(id -> new Wish(
                        label(id),
                        p[id],
                        may(id, mask, mayEnd),
                        token < 0 ? model.eosIds().contains(id) : id == token))
                .toList();
        return new Line(token < 0 ? END : label(token), wishes, allowed, Math.clamp(1 - left, 0, 1));
    }

    private boolean may(int id, BitSet mask, boolean mayEnd) {
        return mask.get(id) || mayEnd && model.eosIds().contains(id);
    }

    private String label(int id) {
        return model.eosIds().contains(id)
                ? END
                : Tokens.labels(model.tokenizer(), id).getFirst();
    }

    private static int[] best(double[] p) {
        int[] best = new int[Math.min(WISHES, p.length)];
        for (int rank = 0; rank < best.length; rank++) {
            int top = -1;
            for (int id = 0; id < p.length; id++) {
                int candidate = id;
                boolean taken = IntStream.of(best).limit(rank).anyMatch(other -> other == candidate);
                top = !taken && (top < 0 || p[id] > p[top]) ? id : top;
            }
            best[rank] = top;
        }
        return best;
    }

    public String text() {
        return done.text();
    }

    /** Whether the text came to its end, and is one that the automaton accepts. */
    public boolean whole() {
        return whole;
    }

    public List<Row> rows() {
        return lines.stream()
                .map(line -> new Row(
                        line.written(),
                        line.allowed(),
                        100 * line.removed(),
                        line.wishes().getFirst().label(),
                        line.wishes().getFirst().allowed()))
                .toList();
    }

    public Table table() {
        return Tables.of(rows());
    }

    /** The state before each of its tokens, and before its end. */
    List<Integer> states() {
        return List.copyOf(states);
    }

    int[] tokens() {
        return done.tokens().stream().mapToInt(id -> id).toArray();
    }

    List<String> written() {
        return lines.stream().map(Line::written).toList();
    }

    /** Seconds of one token of the model, behind the first. */
    double secondsPerToken() {
        return 1 / done.decodeTokensPerSecond();
    }

    /** How many times the most likely token might not come. */
    public int overruled() {
        return (int) lines.stream()
                .filter(line -> !line.wishes().getFirst().allowed())
                .count();
    }

    /** How likely it is that the model, drawing freely, stays within the mask all along this text: the product of what was left. */
    public double shareLeft() {
        return lines.stream().mapToDouble(line -> 1 - line.removed()).reduce(1, (a, b) -> a * b);
    }

    /** The masks from the first token to the last. */
    public Picture picture() {
        int[] counts = lines.stream().mapToInt(Line::allowed).sorted().toArray();
        String title = String.format(
                Locale.ROOT,
                "%,d to %,d tokens may come; the first wish is forbidden at %d of %d places",
                counts[0],
                counts[counts.length - 1],
                overruled(),
                lines.size());
        List<Line> shown = lines.subList(0, Math.min(MOST_LINES, lines.size()));
        String below = "In %, before the mask. Framed: what came. Struck out: forbidden."
                + (shown.size() < lines.size()
                        ? " Shown are the first " + MOST_LINES + " of " + lines.size() + " tokens."
                        : "");
        return MaskGrid.paint(title, shown, below, title + " (" + model.name() + "). Written: " + done.text());
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%d tokens, %s; at %d places the most likely token was forbidden. Of texts that it draws freely the model keeps to these"
                        + " masks in %.3g %%",
                lines.size(),
                whole ? "whole" : "cut off by the limit",
                overruled(),
                100 * shareLeft());
    }
}
