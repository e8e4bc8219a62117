package tinyllm.engine;

import java.util.List;

/**
 * The outcome of one generation.
 *
 * @param text detokenized tokens, without special tokens
 * @param tokens generated ids, without the end token that stopped the run
 * @param promptTokens length of the prompt
 * @param finishReason "stop" or "length"
 * @param ttftMs milliseconds to the first token
 * @param prefillTokensPerSecond prompt tokens over the time to the first token
 * @param decodeTokensPerSecond tokens after the first over the time after it; NaN with fewer than two
 * @param logprobs natural-log probability of each generated token at temperature 1
 */
public record Completion(
        String text,
        List<Integer> tokens,
        int promptTokens,
        String finishReason,
        double ttftMs,
        double prefillTokensPerSecond,
        double decodeTokensPerSecond,
        List<Double> logprobs) {

    public Completion {
        tokens = List.copyOf(tokens);
        logprobs = List.copyOf(logprobs);
    }
}
