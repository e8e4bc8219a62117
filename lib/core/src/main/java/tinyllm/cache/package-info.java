/**
 * Keys and values that are already known, so that a token is computed once (chapter 2.1): what one sequence has behind it, in all layers.
 */
@NullMarked
package tinyllm.cache;

import org.jspecify.annotations.NullMarked;
