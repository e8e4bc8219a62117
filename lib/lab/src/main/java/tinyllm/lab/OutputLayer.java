package tinyllm.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.arrays.MatmulFn;
import tinyllm.arrays.RowSoftmaxFn;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Tensor;

/**
 * The last two steps of a real model over plain arrays: the product that scores every token of the vocabulary, and the softmax that
 * makes probabilities of the scores (chapter 0.1).
 */
public final class OutputLayer {

    private static final int BLOCK = 4_096;

    /** One candidate for the next token. */
    public record Candidate(int id, String token, double probability) {}

    private final String text;
    private final List<Candidate> best;
    private final double difference;
    private final double ms;
    private final long products;

    private OutputLayer(String text, List<Candidate> best, double difference, double ms, long products) {
        this.text = text;
        this.best = List.copyOf(best);
        this.difference = difference;
        this.ms = ms;
        this.products = products;
    }

    /**
     * Runs the model up to its last layer, and that layer by these two.
     *
     * @param product multiplies {@code [V, E] x [E, 1]}, in blocks of 4,096 rows
     * @param softmax gets all V scores
     * @throws IllegalStateException when a product has a wrong length
     */
    public static OutputLayer of(
            CausalLm model,
            String text,
            Supplier<? extends MatmulFn> product,
            Supplier<? extends RowSoftmaxFn> softmax) {
        int[] tokens = model.tokenizer().encode(text);
        Tensor hidden = model.parts().decoder().hidden(tokens, model.weights(), model.parts()); // [1, L, E]
        float[] state = hidden.at(0, tokens.length - 1).toFloats();
        Tensor table = model.weights().outputTable(); // [V, E]
        long start = System.nanoTime();
        float[] scores =
                scores(product.get(), table, state, Math.min(model.tokenizer().vocabSize(), table.dim(0)));
        float[] probabilities = softmax.get().softmax(scores);
        double ms = (System.nanoTime() - start) / 1e6;
        List<Candidate> best = IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> probabilities[i])
                        .reversed())
                .limit(8)
                .map(i -> new Candidate(i, Tokens.label(model.tokenizer().bytes(i)), probabilities[i]))
                .toList();
        double difference = difference(scores, model.lastLogits(tokens).toFloats());
        return new OutputLayer(text, best, difference, ms, (long) scores.length * state.length);
    }

    private static float[] scores(MatmulFn product, Tensor table, float[] state, int vocabulary) {
        float[] scores = new float[vocabulary];
        for (int from = 0; from < vocabulary; from += BLOCK) {
            int rows = Math.min(BLOCK, vocabulary - from);
            float[] block = table.slice(0, from, from + rows).toFloats();
            float[] part = product.matmul(block, state, rows, state.length, 1);
            if (part == null || part.length != rows) {
                throw new IllegalStateException("a product [" + rows + ", " + state.length + "] x [" + state.length
                        + ", 1] has " + rows + " numbers, and " + (part == null ? "null" : part.length + " numbers")
                        + " came: check(\"0.1 matmul\", …) says more");
            }
            System.arraycopy(part, 0, scores, from, rows);
        }
        return scores;
    }

    private static double difference(float[] scores, float[] library) {
        return IntStream.range(0, scores.length)
                .mapToDouble(i -> Math.abs(scores[i] - library[i]))
                .max()
                .orElse(0);
    }

    /** The largest difference of a score from the library's. */
    public double difference() {
        return difference;
    }

    public Table table() {
        return Tables.of(best);
    }

    /** The most likely next tokens. */
    public Picture chart() {
        Candidate first = best.getFirst();
        String title =
                String.format(Locale.ROOT, "After \"%s\": %s, %.0f %%", text, first.token(), 100 * first.probability());
        List<String> names = new ArrayList<>();
        best.forEach(candidate -> names.add(candidate.token()));
        double[] percent = best.stream()
                .mapToDouble(candidate -> 100 * candidate.probability())
                .toArray();
        Picture bars = Charts.bars(title, "next token", "probability, %", names, percent);
        String work = String.format(
                Locale.ROOT,
                "%.0f million products in %.0f ms; largest difference from the library's scores %.1e",
                products / 1e6,
                ms,
                difference);
        return new Picture(bars.png(), bars.width(), title + ". " + work + ".");
    }
}
