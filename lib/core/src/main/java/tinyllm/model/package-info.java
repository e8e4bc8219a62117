/**
 * One decoder-only model, configured as Qwen2, Qwen2.5, Qwen3 or Llama (chapter 1.5).
 */
@NullMarked
package tinyllm.model;

import org.jspecify.annotations.NullMarked;
