package tinyllm.lab;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Tensor;

/** What a model thinks comes next, and what a sampler makes of it (chapter 1.7). */
public final class NextToken {

    private static final int SHOWN = 12;
    private static final int[][] NOTHING_SEEN = {{}};

    private final CausalLm model;
    private final Tensor logits;
    private final int[] order;

    private NextToken(CausalLm model, Tensor logits) {
        this.model = model;
        this.logits = logits;
        int shown = Math.min(SHOWN, logits.dim(0));
        this.order = logits.neg().argsort(0).slice(0, 0, shown).toInts();
    }

    /** The distribution after a text, which goes in as it stands, without a chat template. */
    public static NextToken after(CausalLm model, String text) {
        return new NextToken(model, model.lastLogits(model.tokenizer().encode(text)));
    }

    /** {@code [V]} in float32. */
    public Tensor logits() {
        return logits;
    }

    /** How many tokens a sampler leaves. */
    public int kept(Sampler sampler, SamplingParams params) {
        Tensor filtered = sampler.filter(logits, params, NOTHING_SEEN);
        return (int) filtered.gt(Double.NEGATIVE_INFINITY)
                .astype(tinyllm.tensor.DType.I32)
                .sum()
                .item();
    }

    /** The twelve most likely tokens, with the probability that each setting gives them. */
    public Picture under(String title, Sampler sampler, Map<String, SamplingParams> settings) {
        List<String> labels = Tokens.labels(model.tokenizer(), order);
        Map<String, double[]> series = new LinkedHashMap<>();
        settings.forEach((name, params) -> {
            float[] all = sampler.probabilities(logits, params, NOTHING_SEEN).toFloats();
            series.put(
                    name, IntStream.of(order).mapToDouble(id -> 100 * all[id]).toArray());
        });
        return Charts.bars(title, "next token", "probability, %", labels, series);
    }
}
