package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tech.tablesaw.api.Table;
import tinyllm.lab.exercises.quantized.gpu.MatvecKernels;
import tinyllm.lab.exercises.quantized.gpu.QuantizedInputs;
import tinyllm.model.CausalLm;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A kernel decides how a sentence goes on: the rows of some tokens in the model's output layer, quantized to 4 bits (chapter 2.3a). */
public final class NextWord {

    /** One candidate: its logit from the kernel, and the model's own from dense weights. */
    public record Word(String word, double kernel, double model) {}

    private NextWord() {}

    /**
     * Runs the model over the text, and the kernel over the last token's hidden vector.
     *
     * @param source of "2.3a matvec"
     * @param words each is looked up as one token, its first
     */
    public static Table of(CausalLm model, String source, String text, String... words) {
        int[] ids = first(model, words);
        Tensor all = hidden(model, model.tokenizer().encode(text)); // [L, E]
        int e = all.dim(1);
        Tensor hidden = all.slice(0, all.dim(0) - 1, all.dim(0));
        Tensor rows = model.weights().outputTable().take(ids, 0).astype(DType.F32); // [words, E]
        QuantizedInputs in = QuantizedInputs.of(hidden, rows.toFloats(), ids.length, e);
        float[] logits = MatvecKernels.named(source)
                .run(MatvecKernels.simdGroups(ids.length), MatvecKernels.arguments(in))
                .getFirst()
                .toFloats();
        float[] dense = in.x().matmul(rows.transpose()).toFloats();
        List<Word> found = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            found.add(new Word(words[i], rounded(logits[i]), rounded(dense[i])));
        }
        found.sort(Comparator.comparingDouble(Word::kernel).reversed());
        return Tables.of(found);
    }

    /** The first token of each word. */
    static int[] first(CausalLm model, String... words) {
        return Arrays.stream(words)
                .mapToInt(word -> model.tokenizer().encode(word)[0])
                .toArray();
    }

    /** What the output layer sees: the residual stream behind the last block, normalised, F32 {@code [L, E]}. */
    static Tensor hidden(CausalLm model, int[] tokens) {
        int last = model.config().numHiddenLayers() - 1;
        Map<String, Tensor> traced = model.trace(tokens, List.of(last), List.of("residual"));
        Tensor stream = List.copyOf(traced.values()).getLast();
        var w = model.weights();
        return model.parts()
                .norm()
                .normalize(stream.reshape(tokens.length, stream.dim(-1)), w.norm(), w.rmsNormEps())
                .astype(DType.F32);
    }

    private static double rounded(double logit) {
        return Math.round(logit * 100) / 100.0;
    }
}
