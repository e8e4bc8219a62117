/**
 * Text becomes tokens and back, and a conversation becomes a prompt (chapters 0.2 and 1.6).
 *
 * <p>{@link tinyllm.text.BpeTokenizer} reads a checkpoint's own vocabulary; {@link tinyllm.text.ChatTemplate} runs its own
 * Jinja template and remembers which characters the template wrote and which the user did; {@link tinyllm.text.TextStream}
 * turns tokens back into text while they arrive. Plain Java, no tensor and no native library.
 */
@NullMarked
package tinyllm.text;

import org.jspecify.annotations.NullMarked;
