/**
 * Logits become a token (chapter 1.7).
 */
@NullMarked
package tinyllm.sampling;

import org.jspecify.annotations.NullMarked;
