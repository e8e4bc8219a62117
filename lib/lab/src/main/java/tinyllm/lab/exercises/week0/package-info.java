/** Exercises of the chapters before the model: 0.1 tensors and 0.2 tokens. */
@NullMarked
package tinyllm.lab.exercises.week0;

import org.jspecify.annotations.NullMarked;
