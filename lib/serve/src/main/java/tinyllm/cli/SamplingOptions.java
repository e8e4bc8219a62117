package tinyllm.cli;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tinyllm.sampling.SamplingParams;

/** How tokens are chosen, and how many. */
final class SamplingOptions {

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "256",
            description = "at most N tokens (default: ${DEFAULT-VALUE})")
    private int maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0 takes the most likely token (default: 0; in chat 0.7)")
    private @Nullable Double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "0",
            description = "choose among the K most likely tokens; 0: among all")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            defaultValue = "1",
            description = "choose among the tokens that make up the mass P")
    private double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            defaultValue = "0",
            description = "leave out tokens with less than P times the probability of the most likely one")
    private double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            defaultValue = "1",
            description = "above 1 makes tokens that were already written less likely")
    private double repetitionPenalty;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "equal seeds give equal texts (default: a new one each time)")
    private @Nullable Long seed;

    int maxTokens() {
        if (maxTokens < 1) {
            throw CommandException.wrongUsage("--max-tokens must be 1 or more, but is " + maxTokens);
        }
        return maxTokens;
    }

    /** The seed that was asked for; null for none. */
    @Nullable
    Long seed() {
        return seed;
    }

    /** @throws IllegalArgumentException when a value is out of its range */
    SamplingParams params(double defaultTemperature) {
        return new SamplingParams(
                temperature == null ? defaultTemperature : temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                seed == null ? ThreadLocalRandom.current().nextLong() : seed);
    }
}
