package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.engine.Generator;
import tinyllm.lab.chart.TokenFrame;
import tinyllm.lab.chart.TokenFrame.Candidate;
import tinyllm.lab.chart.TokenFrame.Chosen;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Picture;
import tinyllm.lab.view.Rich;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * A generated text in which each token is coloured by its probability, with its rank and what else it could have been
 * (chapter 1.6); and the same as a film that grows token by token. Holds Java values only.
 */
public final class ColoredText implements Rich {

    private static final int ALTERNATIVES = 5;
    private static final int FRAME_MS = 800;

    private final String model;
    private final int vocabulary;
    private final List<Chosen> tokens;

    private ColoredText(String model, int vocabulary, List<Chosen> tokens) {
        this.model = model;
        this.vocabulary = vocabulary;
        this.tokens = List.copyOf(tokens);
    }

    /**
     * Generates greedily and keeps each token's probability and rank, and the five best at its place.
     *
     * @param generator the loop to use, the learner's or the library's
     * @param prompt a user's message
     */
    public static ColoredText of(CausalLm model, Generator generator, String prompt, int maxTokens) {
        return of(model, generator, SamplingParams.GREEDY, prompt, maxTokens);
    }

    /** The same with a sampler's settings, so that other tokens than the best are chosen. */
    public static ColoredText of(
            CausalLm model, Generator generator, SamplingParams sampling, String prompt, int maxTokens) {
        var messages = List.of(Map.<String, Object>of("role", "user", "content", prompt));
        int[] ids = model.tokenizer().encode(model.chatTemplate().render(messages, List.of(), true));
        int[] answer = generator.complete(ids, sampling, maxTokens, piece -> {}).tokens().stream()
                .mapToInt(id -> id)
                .toArray();
        if (answer.length == 0) {
            return new ColoredText(model.name(), model.tokenizer().vocabSize(), List.of());
        }
        int[] all = Arrays.copyOf(ids, ids.length + answer.length);
        System.arraycopy(answer, 0, all, ids.length, answer.length);
        // One pass over the finished text gives the distribution at every place of it.
        // Columns past the tokenizer's ids are padding of the table: they stand for no text.
        int known = Math.min(model.tokenizer().vocabSize(), model.config().vocabSize());
        Tensor logits =
                model.logits(all).slice(0, ids.length - 1, all.length - 1).slice(1, 0, known); // [N, V]
        Tensor logProbabilities = logits.sub(logits.logSumExp(-1).expandDims(-1));
        return new ColoredText(model.name(), known, tokens(model, answer, logProbabilities));
    }

    private static List<Chosen> tokens(CausalLm model, int[] answer, Tensor logProbabilities) {
        Tensor order = logProbabilities.neg().argsort(-1).slice(-1, 0, ALTERNATIVES);
        int[] best = order.toInts();
        float[] bestLog = logProbabilities.takeAlongAxis(order, -1).toFloats();
        Tensor chosen = Tensor.of(answer, answer.length, 1);
        Tensor own = logProbabilities.takeAlongAxis(chosen, -1); // [N, 1]
        int[] better = logProbabilities.gt(own).astype(DType.I32).sum(-1).toInts();
        float[] ownLog = own.toFloats();
        List<Chosen> tokens = new ArrayList<>();
        for (int i = 0; i < answer.length; i++) {
            int row = i * ALTERNATIVES;
            List<Candidate> candidates = IntStream.range(row, row + ALTERNATIVES)
                    .mapToObj(j -> new Candidate(Tokens.label(model.tokenizer().bytes(best[j])), Math.exp(bestLog[j])))
                    .toList();
            tokens.add(new Chosen(
                    model.tokenizer().decode(answer[i]),
                    Tokens.label(model.tokenizer().bytes(answer[i])),
                    Math.exp(ownLog[i]),
                    better[i] + 1,
                    candidates));
        }
        return tokens;
    }

    /** How many tokens were generated. */
    public int size() {
        return tokens.size();
    }

    /** One frame for each token: the text so far, and what the model thought of before it chose. */
    public Film film() {
        if (tokens.isEmpty()) {
            throw new IllegalArgumentException("there is nothing to film: the model ended the text at once");
        }
        List<Picture> frames = IntStream.rangeClosed(1, tokens.size())
                .mapToObj(n -> TokenFrame.paint(model, vocabulary, tokens, n))
                .toList();
        String text = "A film of " + tokens.size() + " tokens: "
                + String.join("", pieces()).replace('\n', ' ');
        return Charts.film(text, frames, FRAME_MS);
    }

    @Override
    public String html() {
        return colored().html();
    }

    @Override
    public String text() {
        return colored().text();
    }

    @Override
    public String toString() {
        return text();
    }

    private Html colored() {
        double[] probabilities =
                tokens.stream().mapToDouble(Chosen::probability).toArray();
        return Tokens.colored(
                pieces(), probabilities, tokens.stream().map(this::note).toList());
    }

    private List<String> pieces() {
        return tokens.stream().map(Chosen::text).toList();
    }

    /** The hover text below the percentage: the rank, then the candidates, best first. */
    private String note(Chosen token) {
        StringBuilder note =
                new StringBuilder(String.format(Locale.ROOT, "rank %,d of %,d\nbest: ", token.rank(), vocabulary));
        for (int i = 0; i < token.candidates().size(); i++) {
            Candidate c = token.candidates().get(i);
            note.append(i == 0 ? "" : ", ")
                    .append(String.format(Locale.ROOT, "%s %.1f %%", c.label(), 100 * c.probability()));
        }
        return note.toString();
    }
}
