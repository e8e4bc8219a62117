package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tinyllm.lab.chart.BarPainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** How many tokens a sampler leaves at each place of a text (chapter 1.7). */
public final class NucleusSizes {

    private NucleusSizes() {}

    /** One bar a token: how many candidates there were for what comes after it; the guess of chapter 1.7 as a dashed line. */
    public static Picture of(CausalLm model, Sampler sampler, SamplingParams params, String text) {
        int[] ids = model.tokenizer().encode(text);
        Tensor filtered = sampler.filter(model.logits(ids), params, new int[ids.length][0]); // [L, V]
        double[] sizes =
                filtered.gt(Double.NEGATIVE_INFINITY).astype(DType.I32).sum(-1).toDoubles();
        List<String> labels = Tokens.labels(model.tokenizer(), ids);
        double[] sorted = sizes.clone();
        Arrays.sort(sorted);
        String title = "top-p keeps between %d and %d tokens, %d in the middle"
                .formatted((long) sorted[0], (long) sorted[sorted.length - 1], (long) sorted[sorted.length / 2]);
        double[] logs = Arrays.stream(sizes).map(Math::log10).toArray();
        List<Level> guess = Lab.prediction("1.7 nucleus").filter(p -> p.guess() > 0).stream()
                .map(p -> new Level("your guess: %.0f %s".formatted(p.guess(), p.unit()), Math.log10(p.guess()), true))
                .toList();
        String guessed = guess.stream().map(level -> "; " + level.name()).collect(Collectors.joining());
        return BarPainter.paint(
                title,
                "after this token",
                "tokens kept, power of ten",
                labels,
                Map.of("tokens kept", logs),
                guess,
                title + guessed + ".");
    }
}
