/**
 * The layers of a decoder, each built from array operations (chapters 1.1 to 1.5).
 */
@NullMarked
package tinyllm.nn;

import org.jspecify.annotations.NullMarked;
