/** Chapters 0 and 0.1, how it works and tensors: "0 warm-up", "0.1 matmul", "0.1 broadcasting", "0.1 reshape or transpose" and "0.1 softmax". */
@NullMarked
package tinyllm.lab.exercises.tensors;

import org.jspecify.annotations.NullMarked;
