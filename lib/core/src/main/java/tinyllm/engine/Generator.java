package tinyllm.engine;

import java.util.function.Consumer;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/** CONTRACT STUB. Week 1's loop: one request, nothing cached. */
public final class Generator {
    public Generator(CausalLm model) {}

    /** prompt as one user message through the chat template; pieces of text go to onText as they become complete. */
    public Completion chat(String prompt, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        throw new UnsupportedOperationException("stub");
    }

    /** ids as they stand. Throws IllegalArgumentException on an empty prompt or one longer than the context. */
    public Completion complete(int[] prompt, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        throw new UnsupportedOperationException("stub");
    }
}
