package tinyllm.lab;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tinyllm.cache.KvArrays;
import tinyllm.cache.KvCache;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Tensor;

/** What a cache holds while a text grows, in bytes, token by token (chapter 2.1). */
public final class CacheGrowth {

    private CacheGrowth() {}

    /**
     * Lets the model read a text and write on, greedily, with a cache of the learner's, and looks into it after every step.
     *
     * @param cache makes the learner's cache
     * @param tokens in all, the text's among them
     */
    public static Picture of(CausalLm model, Supplier<? extends KvArrays> cache, String text, int tokens) {
        int[] prompt = model.tokenizer().encode(text);
        if (prompt.length == 0 || tokens <= prompt.length) {
            throw new IllegalArgumentException("the text has " + prompt.length + " tokens, so " + tokens
                    + " in all leave nothing to write: give at least one token of text, and more tokens in all");
        }
        int steps = tokens - prompt.length + 1;
        double[] length = new double[steps];
        double[] held = new double[steps];
        try (Live live = new Live();
                KvCache memory = model.newCache(tokens, cache.get())) {
            int[] next = prompt;
            for (int step = 0; step < steps; step++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the run was interrupted");
                }
                Tensor logits = model.lastLogits(next, memory);
                next = logits.argmax(0).toInts();
                length[step] = memory.length();
                held[step] = memory.nbytes() / 1e6;
                live.progress("token " + memory.length() + " of " + tokens, step + 1, steps);
            }
        }
        return chart(model, length, held);
    }

    private static Picture chart(CausalLm model, double[] length, double[] held) {
        long perToken = model.config().kvBytesPerToken(Float.BYTES);
        double[] used = Arrays.stream(length).map(n -> n * perToken / 1e6).toArray();
        int last = length.length - 1;
        int larger = (int) IntStream.rangeClosed(1, last)
                .filter(i -> held[i] > held[i - 1])
                .count();
        String title = String.format(
                Locale.ROOT,
                "%.0f tokens of %.1f kB fill %.2f MB; held are %.2f MB, grown %d time%s",
                length[last],
                perToken / 1e3,
                used[last],
                held[last],
                larger,
                larger == 1 ? "" : "s");
        return Charts.plot(title, "tokens in the cache", "MB of keys and values, float32")
                .series("held", upright(length, true), upright(held, false))
                .series("filled", length, used)
                .guess("2.1 growth")
                .picture();
    }

    /** Each value twice, so that a line through the points goes up in steps: along to the next length at the old height, then up. */
    private static double[] upright(double[] values, boolean across) {
        double[] twice = new double[2 * values.length - 1];
        for (int i = 0; i < twice.length; i++) {
            twice[i] = values[across ? (i + 1) / 2 : i / 2];
        }
        return twice;
    }
}
