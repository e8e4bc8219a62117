package tinyllm.lab.race;

import java.util.List;
import java.util.concurrent.CancellationException;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;

/**
 * Whoever takes part in a race: a model with a decode loop, or an engine. One that answers prompts one after the other and one that
 * answers all at once are both told all prompts at the start.
 */
public interface Racer {

    /** Where the text goes as it comes; may be called from any thread. */
    @FunctionalInterface
    interface Finish {
        /**
         * @param prompt which prompt's answer grows, from 0
         * @param piece the text that comes, never half a character; empty when a token gives none yet
         */
        void came(int prompt, String piece);
    }

    /** What the panel, the table and the film call it. */
    String name();

    /**
     * Answers every prompt greedily.
     *
     * @param prompts users' messages
     * @param maxTokens of each answer
     * @return how many tokens each answer has
     */
    int[] run(List<String> prompts, int maxTokens, Finish finish);

    /** A model with the library's loop, under its own name. */
    static Racer of(CausalLm model) {
        return of(model.name(), new Generator(model));
    }

    /** A model with the library's loop. */
    static Racer of(String name, CausalLm model) {
        return of(name, new Generator(model));
    }

    /** A model with a loop and a sampler of its own, one prompt after the other. */
    static Racer of(String name, Generator generator) {
        return new Racer() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public int[] run(List<String> prompts, int maxTokens, Finish finish) {
                int[] tokens = new int[prompts.size()];
                for (int i = 0; i < tokens.length; i++) {
                    int prompt = i;
                    Completion done = generator.chat(prompts.get(i), SamplingParams.GREEDY, maxTokens, piece -> {
                        if (Thread.currentThread().isInterrupted()) {
                            throw new CancellationException("the race was interrupted");
                        }
                        finish.came(prompt, piece);
                    });
                    tokens[i] = done.tokens().size();
                }
                return tokens;
            }
        };
    }
}
