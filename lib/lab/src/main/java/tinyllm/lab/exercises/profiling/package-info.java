/** Chapter 4.6, where the time goes: "4.6 stopwatch", "4.6 work" and "4.6 roofline". */
@NullMarked
package tinyllm.lab.exercises.profiling;

import org.jspecify.annotations.NullMarked;
