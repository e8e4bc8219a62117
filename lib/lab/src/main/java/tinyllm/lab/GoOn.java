package tinyllm.lab;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import tinyllm.cache.KvCache;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Scope;

/** How a text goes on when the model remembers it in a cache of one's own (chapter 4.1). */
public final class GoOn {

    private static final int STEP = 8;

    private GoOn() {}

    /**
     * Reads the text eight tokens at a time, since a cache that forgets does so between steps, writes on greedily, and closes the cache.
     *
     * @param cache empty
     * @param tokens how many to write, 1 or more
     */
    public static String greedily(CausalLm model, KvCache cache, String text, int tokens) {
        int[] read = model.tokenizer().encode(text.strip());
        if (tokens < 1 || read.length == 0 || read.length + tokens > cache.maxTokens()) {
            throw new IllegalArgumentException("the text has " + read.length + " tokens, " + tokens
                    + " more are to come, and the cache may hold " + cache.maxTokens());
        }
        int[] written = new int[tokens];
        try (cache) {
            for (int at = 0; at < read.length; at += STEP) {
                int[] step = Arrays.copyOfRange(read, at, Math.min(read.length, at + STEP));
                written[0] = next(model, step, cache);
            }
            for (int i = 1; i < tokens; i++) {
                written[i] = next(model, new int[] {written[i - 1]}, cache);
            }
        }
        return "… " + model.tokenizer().decode(Arrays.copyOf(written, tokens));
    }

    private static int next(CausalLm model, int[] step, KvCache cache) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the run was interrupted");
        }
        try (Scope _ = Scope.open()) {
            return (int) model.lastLogits(step, cache).argmax(-1).item();
        }
    }
}
