/** Chapter 1.1, attention: "1.1 softmax", "1.1 weights", "1.1 attention" and "1.1 multi-head". */
@NullMarked
package tinyllm.lab.exercises.attention;

import org.jspecify.annotations.NullMarked;
