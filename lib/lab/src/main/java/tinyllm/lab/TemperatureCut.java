package tinyllm.lab;

import java.util.Arrays;
import java.util.Locale;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingParams;

/** How many tokens top-p and min-p leave as the temperature rises (chapter 4.3). */
public final class TemperatureCut {

    private TemperatureCut() {}

    /**
     * Two lines over the temperature.
     *
     * @param text goes in as it stands, without a chat template
     * @param topP one filter, alone
     * @param minP the other, alone
     * @param temperatures two or more, rising, above 0 and 2 at most
     */
    public static Picture of(
            CausalLm model, Sampler sampler, String text, double topP, double minP, double... temperatures) {
        if (temperatures.length < 2) {
            throw new IllegalArgumentException("a line needs two temperatures or more");
        }
        NextToken next = NextToken.after(model, text);
        double[] nucleus = Arrays.stream(temperatures)
                .map(t -> next.kept(sampler, new SamplingParams(t, 0, topP, 0, 1, 0)))
                .toArray();
        double[] share = Arrays.stream(temperatures)
                .map(t -> next.kept(sampler, new SamplingParams(t, 0, 1, minP, 1, 0)))
                .toArray();
        int last = temperatures.length - 1;
        String title = String.format(
                Locale.ROOT,
                "At T = %s top-p %s keeps %,.0f tokens, and min-p %s keeps %,.0f",
                temperatures[last],
                topP,
                nucleus[last],
                minP,
                share[last]);
        return Charts.plot(title, "temperature T", "tokens kept")
                .series("top-p " + topP, temperatures, nucleus)
                .series("min-p " + minP, temperatures, share)
                .logY()
                .picture();
    }
}
