package tinyllm.lab;

import java.util.Arrays;
import java.util.stream.IntStream;
import tinyllm.lab.exercises.quantized.gpu.MatmulKernels;
import tinyllm.lab.exercises.quantized.gpu.QuantizedInputs;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.nn.Softmax;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A kernel decides after each token of a text how it goes on: all rows in one product with 4-bit weights (chapter 2.3b). */
public final class NextWords {

    private static final int MOST_TOKENS = 64;

    private NextWords() {}

    /**
     * Runs the model over the text, and the kernel over all its hidden vectors and the output layer's rows of some words.
     *
     * @param source of "2.3b matrices"
     * @param text at most 64 tokens
     * @param words two or more; each is looked up as one token, its first
     * @return the shares of the words after each token, a row for each
     */
    public static Picture of(CausalLm model, String source, String text, String... words) {
        int[] tokens = model.tokenizer().encode(text);
        if (tokens.length == 0 || tokens.length > MOST_TOKENS || words.length < 2) {
            throw new IllegalArgumentException("this takes 1 to " + MOST_TOKENS + " tokens and two words or more, not "
                    + tokens.length + " tokens and " + words.length + " words");
        }
        int[] ids = NextWord.first(model, words);
        Tensor hidden = NextWord.hidden(model, tokens);
        Tensor rows = model.weights().outputTable().take(ids, 0).astype(DType.F32); // [words, E]
        QuantizedInputs in = QuantizedInputs.of(hidden, rows.toFloats(), ids.length, hidden.dim(1));
        Tensor logits = MatmulKernels.named(source)
                .run(MatmulKernels.matrices(tokens.length, ids.length), MatmulKernels.arguments(in))
                .getFirst(); // [L, words]
        Tensor model32 = hidden.matmul(rows.transpose());
        int[] kernel = logits.argmax(-1).astype(DType.I32).toInts();
        int[] dense = model32.argmax(-1).astype(DType.I32).toInts();
        long same = IntStream.range(0, tokens.length)
                .filter(i -> kernel[i] == dense[i])
                .count();
        return Charts.heatmap(
                "With 4-bit rows the most likely word is the model's after %d of %d tokens"
                        .formatted(same, tokens.length),
                new Softmax().softmax(logits),
                Tokens.labels(model.tokenizer(), tokens),
                Arrays.asList(words));
    }
}
