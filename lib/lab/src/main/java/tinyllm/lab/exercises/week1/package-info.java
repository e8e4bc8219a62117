/** The exercises of chapters 1.1 to 1.7. */
@NullMarked
package tinyllm.lab.exercises.week1;

import org.jspecify.annotations.NullMarked;
