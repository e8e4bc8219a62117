/**
 * Small changes of each exercise's solution, made by a program, compiled in memory and given to the exercise's check: what the
 * check lets through is either the same answer in other words, or a defect of the exercise.
 */
@NullMarked
package tinyllm.lab.mutation;

import org.jspecify.annotations.NullMarked;
