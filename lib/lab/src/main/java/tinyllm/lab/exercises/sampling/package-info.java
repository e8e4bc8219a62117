/**
 * Chapters 1.7 and 4.3, what is drawn from logits: "1.7 temperature", "1.7 top-k", "1.7 top-p", "4.3 min-p", "4.3 repetition penalty",
 * "4.3 presence and frequency", and what a grammar allows, "4.3 derivative" and "4.3 mask".
 */
@NullMarked
package tinyllm.lab.exercises.sampling;

import org.jspecify.annotations.NullMarked;
