/**
 * The layers of a decoder, each built from array operations (chapters 1.1 to 1.5), and the decoder with a memory (2.1).
 */
@NullMarked
package tinyllm.nn;

import org.jspecify.annotations.NullMarked;
