package tinyllm.bench;

import java.util.Locale;
import tinyllm.kernel.KernelSet;

/**
 * What one run measures.
 *
 * @param promptTokens length of the prompt, the context that decode begins with
 * @param newTokens tokens to write after the prompt; with PREFILL one
 * @param threads threads that compute
 * @param kernels who computes ours
 */
public record Plan(Kind kind, String model, int promptTokens, int newTokens, int threads, KernelSet kernels) {

    /** Reading the prompt, or writing after it. */
    public enum Kind {
        PREFILL,
        DECODE;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Plan {
        range("--prompt-tokens", promptTokens, 1, 1 << 20);
        range("--tokens", newTokens, kind == Kind.DECODE ? 2 : 1, 1 << 20);
        range("--threads", threads, 1, 1024);
    }

    private static void range(String option, int value, int low, int high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(option + " must be in " + low + "…" + high + ", but is " + value);
        }
    }
}
