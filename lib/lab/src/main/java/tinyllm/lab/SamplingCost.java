package tinyllm.lab;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.Tensor;

/** What choosing a token costs beside computing its logits (chapter 1.7). */
public final class SamplingCost {

    private static final int REPEATS = 9;
    private static final int[][] NOTHING_SEEN = {{}};

    private SamplingCost() {}

    /** One bar for each way of choosing and one for the model, in milliseconds: medians of nine runs. */
    public static Picture of(CausalLm model, Sampler sampler, String text) {
        int[] ids = model.tokenizer().encode(text);
        Tensor logits = model.lastLogits(ids);
        Map<String, Runnable> ways = new LinkedHashMap<>();
        ways.put("read once (max)", () -> logits.max().item());
        ways.put("greedy", () -> sampler.sample(logits, SamplingParams.GREEDY, NOTHING_SEEN, 0));
        ways.put("temperature", () -> sampler.sample(logits, new SamplingParams(0.8, 0, 1, 0, 1, 1), NOTHING_SEEN, 0));
        ways.put("top-k 40", () -> sampler.sample(logits, new SamplingParams(0.8, 40, 1, 0, 1, 1), NOTHING_SEEN, 0));
        ways.put(
                "top-p 0.95", () -> sampler.sample(logits, new SamplingParams(0.8, 0, 0.95, 0, 1, 1), NOTHING_SEEN, 0));
        ways.put("the model", () -> model.lastLogits(ids));
        List<String> names = List.copyOf(ways.keySet());
        double[] millis = ways.values().stream()
                .mapToDouble(work -> Timing.medianMs(REPEATS, work))
                .toArray();
        String title = "top-p takes %.0f ms, the model %.0f ms for the same token".formatted(millis[4], millis[5]);
        return Charts.bars(title, "one token of " + model.name(), "milliseconds, median of " + REPEATS, names, millis);
    }
}
