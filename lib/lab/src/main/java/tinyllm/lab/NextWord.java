package tinyllm.lab;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tech.tablesaw.api.Table;
import tinyllm.lab.exercises.week2.MatvecKernels;
import tinyllm.lab.exercises.week2.QuantizedInputs;
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
        int[] ids = new int[words.length];
        for (int i = 0; i < words.length; i++) {
            ids[i] = model.tokenizer().encode(words[i])[0];
        }
        int[] tokens = model.tokenizer().encode(text);
        int last = model.config().numHiddenLayers() - 1;
        Map<String, Tensor> traced = model.trace(tokens, List.of(last), List.of("residual"));
        Tensor stream = List.copyOf(traced.values()).getLast(); // [L, E]
        var w = model.weights();
        int e = stream.dim(-1);
        Tensor hidden = model.parts()
                .norm()
                .normalize(
                        stream.reshape(tokens.length, e).slice(0, tokens.length - 1, tokens.length),
                        w.norm(),
                        w.rmsNormEps());
        Tensor rows = w.outputTable().take(ids, 0).astype(DType.F32); // [words, E]
        QuantizedInputs in = QuantizedInputs.of(hidden.astype(DType.F32), rows.toFloats(), ids.length, e);
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

    private static double rounded(double logit) {
        return Math.round(logit * 100) / 100.0;
    }
}
