/** The exercises of chapters 4.1 to 4.8. */
@NullMarked
package tinyllm.lab.exercises.week4;

import org.jspecify.annotations.NullMarked;
