/**
 * Chapters 2.5a and 2.5b, flash attention on the GPU, for one query and for a prompt: "2.5a walk", "2.5a merge", "2.5a decode", "2.5b tiles",
 * "2.5b causal" and two challenges, on the same inputs.
 */
@NullMarked
package tinyllm.lab.exercises.flash.gpu;

import org.jspecify.annotations.NullMarked;
