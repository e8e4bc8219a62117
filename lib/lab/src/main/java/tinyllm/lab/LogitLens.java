package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.lab.chart.WordGrid;
import tinyllm.lab.chart.WordGrid.Word;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * What the model would say if it stopped after each layer: the residual stream is normalised and read by the output layer, as if
 * it were the last (chapter 1.5). All of it is computed by the model's own parts, a learner's among them. Holds Java numbers only.
 */
public final class LogitLens {

    /** More columns leave no room for words. */
    public static final int MAX_TOKENS = 12;

    private static final int TOP = 3;

    /** A token and its probability, 0…1. */
    public record Guess(int id, String token, double probability) {}

    private final String model;
    private final List<String> tokens;
    private final List<List<Guess>> best; // [stage][position]
    private final List<List<Guess>> last; // [stage][rank], after the last token
    private final double[] answer; // [stage], probability of what the last stage says after the last token

    private LogitLens(
            String model, List<String> tokens, List<List<Guess>> best, List<List<Guess>> last, double[] answer) {
        this.model = model;
        this.tokens = tokens;
        this.best = best;
        this.last = last;
        this.answer = answer;
    }

    /**
     * Runs the model once over the text, which goes in as it stands, and reads every layer's stream.
     *
     * @param text 1 to {@link #MAX_TOKENS} tokens
     */
    public static LogitLens of(CausalLm model, String text) {
        int[] ids = model.tokenizer().encode(text);
        if (ids.length < 1 || ids.length > MAX_TOKENS) {
            throw new IllegalArgumentException("the lens needs a text of 1 to " + MAX_TOKENS
                    + " tokens, but this one has " + ids.length + ": write a " + (ids.length < 1 ? "longer" : "shorter")
                    + " one");
        }
        Map<String, Tensor> traced = model.trace(ids, List.of(), List.of("embed", "residual"));
        List<List<Guess>> best = new ArrayList<>();
        List<double[]> ends = new ArrayList<>(); // [stage][V], after the last token
        for (Tensor stream : traced.values()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the lens was interrupted");
            }
            double[][] stage = probabilities(model, stream);
            best.add(Arrays.stream(stage)
                    .map(p -> guesses(model, p, 1).getFirst())
                    .toList());
            ends.add(stage[ids.length - 1]);
        }
        int answer = order(ends.getLast(), 1)[0];
        return new LogitLens(
                model.name(),
                Tokens.labels(model.tokenizer(), ids),
                best,
                ends.stream().map(p -> guesses(model, p, TOP)).toList(),
                ends.stream().mapToDouble(p -> p[answer]).toArray());
    }

    /** [L, E] to [L][V]. */
    private static double[][] probabilities(CausalLm model, Tensor stream) {
        try (Scope scope = Scope.open()) {
            var w = model.weights();
            Tensor hidden = model.parts().norm().normalize(stream.expandDims(0), w.norm(), w.rmsNormEps()); // [1, L, E]
            float[] logits =
                    model.parts().decoder().head(hidden, w, model.parts()).toFloats();
            int rows = stream.dim(0);
            int vocabulary = logits.length / rows;
            return IntStream.range(0, rows)
                    .mapToObj(r -> softmax(logits, r * vocabulary, vocabulary))
                    .toArray(double[][]::new);
        }
    }

    private static double[] softmax(float[] logits, int from, int count) {
        double max = Double.NEGATIVE_INFINITY;
        for (int i = from; i < from + count; i++) {
            max = Math.max(max, logits[i]);
        }
        double[] p = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            p[i] = Math.exp(logits[from + i] - max);
            sum += p[i];
        }
        for (int i = 0; i < count; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** The ids of the largest, best first. */
    private static int[] order(double[] p, int count) {
        int[] top = new int[count];
        for (int rank = 0; rank < count; rank++) {
            int best = -1;
            for (int i = 0; i < p.length; i++) {
                int id = i;
                boolean taken = IntStream.of(top).limit(rank).anyMatch(t -> t == id);
                if ((best < 0 || p[i] > p[best]) && !taken) {
                    best = i;
                }
            }
            top[rank] = best;
        }
        return top;
    }

    private static List<Guess> guesses(CausalLm model, double[] p, int count) {
        return IntStream.of(order(p, count))
                .mapToObj(
                        id -> new Guess(id, Tokens.labels(model.tokenizer(), id).getFirst(), p[id]))
                .toList();
    }

    /** How many layers the model has; stage 0 is the embedding, stage n what layer n - 1 gave. */
    public int numLayers() {
        return best.size() - 1;
    }

    /** What the model says after the text. */
    public String answer() {
        return last.getLast().getFirst().token();
    }

    /** After how many layers the answer comes first and stays there. */
    public int settled() {
        int id = last.getLast().getFirst().id();
        int stage = last.size();
        while (stage > 0 && last.get(stage - 1).getFirst().id() == id) {
            stage--;
        }
        return stage;
    }

    /** The best token of every layer after every token of the text, coloured by its probability. */
    public Picture picture() {
        List<String> rows = IntStream.range(0, best.size())
                .mapToObj(i -> i == 0 ? "embedding" : "layer " + (i - 1))
                .toList();
        List<List<Word>> words = best.stream()
                .map(stage -> stage.stream()
                        .map(g -> new Word(g.token(), g.probability()))
                        .toList())
                .toList();
        String title = String.format(
                Locale.ROOT,
                "After \"%s\" comes \"%s\": on top for good after %d of %d layers",
                tokens.getLast(),
                answer(),
                settled(),
                numLayers());
        String below =
                "A column: what would come after its token if the model stopped there. The darker, the likelier (0 to 100 %).";
        String summary = title + ", probability " + percent(answer[answer.length - 1]) + " (" + model + ").";
        return WordGrid.paint(title, rows, tokens, words, "text", below, summary);
    }

    /** The three best tokens after the whole text, layer by layer. */
    public Table top() {
        Map<String, List<String>> columns = new LinkedHashMap<>();
        columns.put(
                "after",
                IntStream.range(0, last.size())
                        .mapToObj(i -> i == 0 ? "embedding" : "layer " + (i - 1))
                        .toList());
        for (int rank = 0; rank < TOP; rank++) {
            int r = rank;
            columns.put(
                    List.of("first", "second", "third").get(r),
                    last.stream()
                            .map(stage -> stage.get(r).token() + "  "
                                    + percent(stage.get(r).probability()))
                            .toList());
        }
        return Tables.of("The best tokens, layer by layer", columns);
    }

    /** The probability of the answer after every layer, with the guess kept under this name as an upright dashed line. */
    public Picture rise(String guess) {
        String title = String.format(
                Locale.ROOT, "\"%s\" is on top for good after %d of %d layers", answer(), settled(), numLayers());
        double[] percent = IntStream.range(0, answer.length)
                .mapToDouble(i -> 100 * answer[i])
                .toArray();
        return Charts.plot(title, "layers done", "probability, %")
                .series("probability of " + answer(), percent)
                .guessAcross(guess)
                .picture();
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share);
    }
}
