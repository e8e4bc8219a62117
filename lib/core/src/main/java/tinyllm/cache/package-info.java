/**
 * Keys and values that are already known, so that a token is computed once (chapter 2.1): what one sequence has behind it, in all layers,
 * in memory of its own or in pages that many sequences share (chapters 3.1 and 4.2).
 */
@NullMarked
package tinyllm.cache;

import org.jspecify.annotations.NullMarked;
