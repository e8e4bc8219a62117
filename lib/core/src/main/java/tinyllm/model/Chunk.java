package tinyllm.model;

import tinyllm.cache.KvCache;

/**
 * What one sequence brings to a step of many: a part of its prompt, or the one token that it chose last.
 *
 * @param tokens the ids after those of the cache, at least one
 * @param cache of this sequence alone
 * @param wantsLogits whether the step computes the logits after the last of the tokens
 */
public record Chunk(int[] tokens, KvCache cache, boolean wantsLogits) {}
