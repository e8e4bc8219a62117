/** The exercises of week 3: what they ask for, how they are checked, and the mistakes that they know. */
@NullMarked
package tinyllm.lab.exercises.week3;

import org.jspecify.annotations.NullMarked;
