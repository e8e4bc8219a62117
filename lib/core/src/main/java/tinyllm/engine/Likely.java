package tinyllm.engine;

/**
 * A token that might have come.
 *
 * @param logprob its natural-log probability over the whole vocabulary at temperature 1, before penalties, bias and constraint
 */
public record Likely(int id, double logprob) {}
