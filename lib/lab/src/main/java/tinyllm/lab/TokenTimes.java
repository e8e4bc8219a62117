package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import tinyllm.engine.GenerateFn;
import tinyllm.engine.Generator;
import tinyllm.engine.UncachedLoop;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/** The same answer twice, without a cache and with one: how long each token took (chapter 2.1). */
public final class TokenTimes {

    private TokenTimes() {}

    /**
     * Answers greedily, first without a cache, and draws the time of each token; the first is that of the prompt.
     *
     * @param tokens of the answer, 2 or more
     */
    public static Picture of(CausalLm model, String question, int tokens) {
        if (tokens < 2) {
            throw new IllegalArgumentException("an answer of " + tokens + " tokens shows no decoding: give 2 or more");
        }
        int[] prompt = model.tokenizer()
                .encode(model.chatTemplate()
                        .render(List.of(Map.of("role", "user", "content", question)), List.of(), true));
        double[] without = run(new Generator(model), prompt, tokens, "without a cache");
        double[] with = run(new Generator(model).cached(), prompt, tokens, "with a cache");
        return chart(prompt.length, without, with);
    }

    private static double[] run(Generator generator, int[] prompt, int tokens, String what) {
        List<Double> seconds = new ArrayList<>();
        try (Live live = new Live()) {
            GenerateFn clocked = (model, ids, most, isEnd, choose) -> new UncachedLoop()
                    .generate(
                            text -> {
                                long start = System.nanoTime();
                                var logits = model.after(text);
                                seconds.add((System.nanoTime() - start) / 1e9);
                                live.progress(what + ": token " + seconds.size(), seconds.size(), tokens);
                                return logits;
                            },
                            ids,
                            most,
                            isEnd,
                            choose);
            generator.with(clocked).complete(prompt, SamplingParams.GREEDY, tokens, piece -> {});
        }
        return seconds.stream().mapToDouble(s -> s).toArray();
    }

    private static Picture chart(int prompt, double[] without, double[] with) {
        double slow = Timing.median(Arrays.copyOfRange(without, 1, without.length));
        double fast = Timing.median(Arrays.copyOfRange(with, 1, with.length));
        String title = String.format(
                Locale.ROOT,
                "After %d tokens of prompt: %.2f s a token without a cache, %.2f s with one",
                prompt,
                slow,
                fast);
        return Charts.plot(title, "token of the answer", "seconds for it")
                .series("nothing cached", counted(without), without)
                .series("with a cache", counted(with), with)
                .picture();
    }

    private static double[] counted(double[] values) {
        return IntStream.rangeClosed(1, values.length).asDoubleStream().toArray();
    }
}
