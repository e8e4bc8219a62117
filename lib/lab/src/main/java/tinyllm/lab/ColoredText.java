package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tinyllm.engine.Generator;
import tinyllm.lab.view.Html;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Tensor;

/** A generated text in which each token is coloured by its probability, with what else it could have been (chapter 1.6). */
public final class ColoredText {

    private static final int ALTERNATIVES = 5;

    private ColoredText() {}

    /**
     * Generates greedily and shows the tokens with their probabilities; hover for the alternatives.
     *
     * @param generator the loop to use, the learner's or the library's
     * @param prompt a user's message
     */
    public static Html of(CausalLm model, Generator generator, String prompt, int maxTokens) {
        int[] ids = model.tokenizer()
                .encode(model.chatTemplate()
                        .render(List.of(java.util.Map.of("role", "user", "content", prompt)), List.of(), true));
        int[] answer = generator.complete(ids, SamplingParams.GREEDY, maxTokens, piece -> {}).tokens().stream()
                .mapToInt(id -> id)
                .toArray();
        int[] all = java.util.Arrays.copyOf(ids, ids.length + answer.length);
        System.arraycopy(answer, 0, all, ids.length, answer.length);
        // One pass over the finished text gives the distribution at every place of it.
        Tensor logits = model.logits(all).slice(0, ids.length - 1, all.length - 1); // [N, V]
        Tensor logProbabilities = logits.sub(logits.logSumExp(-1).expandDims(-1));
        return colored(model, answer, logProbabilities);
    }

    private static Html colored(CausalLm model, int[] answer, Tensor logProbabilities) {
        Tensor order = logProbabilities.neg().argsort(-1).slice(-1, 0, ALTERNATIVES);
        int[] best = order.toInts();
        float[] bestLog = logProbabilities.takeAlongAxis(order, -1).toFloats();
        List<String> pieces = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        double[] probabilities = new double[answer.length];
        for (int i = 0; i < answer.length; i++) {
            pieces.add(model.tokenizer().decode(answer[i]));
            probabilities[i] = Math.exp(logProbabilities.item(i, answer[i]));
            StringBuilder note = new StringBuilder();
            for (int j = 0; j < ALTERNATIVES; j++) {
                String label = Tokens.label(model.tokenizer().bytes(best[i * ALTERNATIVES + j]));
                double percent = 100 * Math.exp(bestLog[i * ALTERNATIVES + j]);
                note.append(j == 0 ? "" : ", ").append(String.format(Locale.ROOT, "%s %.1f %%", label, percent));
            }
            notes.add(note.toString());
        }
        return Tokens.colored(pieces, probabilities, notes);
    }
}
