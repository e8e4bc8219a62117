/** Exercises of chapters 2.1 to 2.5 and 4.5: caches and kernels. */
@NullMarked
package tinyllm.lab.exercises.week2;

import org.jspecify.annotations.NullMarked;
