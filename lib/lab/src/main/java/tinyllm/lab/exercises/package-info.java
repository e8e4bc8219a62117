/** The course's exercises, one class for each group, found through {@code Exercises}. */
@NullMarked
package tinyllm.lab.exercises;

import org.jspecify.annotations.NullMarked;
