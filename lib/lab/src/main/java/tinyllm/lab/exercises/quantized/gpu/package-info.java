/**
 * Chapters 2.3a and 2.3b, 4-bit weights on the GPU, one row and many: "2.3a naive", "2.3a matvec", "2.3b tile", "2.3b registers", "2.3b matrices",
 * "2.3b split-K" and two challenges, on the same inputs.
 */
@NullMarked
package tinyllm.lab.exercises.quantized.gpu;

import org.jspecify.annotations.NullMarked;
