/**
 * What a model file says of itself, parsed and checked in plain Java before a byte reaches native code (chapter 1.5).
 */
@NullMarked
package tinyllm.weights.format;

import org.jspecify.annotations.NullMarked;
