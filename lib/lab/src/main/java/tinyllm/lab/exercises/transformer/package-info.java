/**
 * Chapter 1.5, the block and the model, from a file's header to logits: "1.5 header", "1.5 embedding", "1.5 attention layer", "1.5 block",
 * "1.5 model" and "1.5 qwen3", over the same tiny weights.
 */
@NullMarked
package tinyllm.lab.exercises.transformer;

import org.jspecify.annotations.NullMarked;
