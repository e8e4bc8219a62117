/**
 * An n-dimensional array on a device, and its lifetime (chapter 0.1).
 */
@NullMarked
package tinyllm.tensor;

import org.jspecify.annotations.NullMarked;
