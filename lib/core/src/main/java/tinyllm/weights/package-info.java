/**
 * Bytes on disk become named tensors: finding, downloading, verifying and reading checkpoints (chapter 1.5).
 */
@NullMarked
package tinyllm.weights;

import org.jspecify.annotations.NullMarked;
