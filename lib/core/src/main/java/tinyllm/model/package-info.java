/**
 * One decoder-only model, configured as Qwen2, Qwen2.5, Qwen3 or Llama (chapter 1.5), on one of three sets of kernels: dequantized with
 * the layers of {@code nn}, or quantized with the operations of {@code kernel} (chapters 2.2 to 2.5).
 */
@NullMarked
package tinyllm.model;

import org.jspecify.annotations.NullMarked;
