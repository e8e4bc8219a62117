/**
 * Text becomes tokens and back, and a conversation becomes a prompt (chapters 0.2 and 1.6).
 */
@NullMarked
package tinyllm.text;

import org.jspecify.annotations.NullMarked;
