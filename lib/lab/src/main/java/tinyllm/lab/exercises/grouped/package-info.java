/** Chapter 1.3, grouped-query attention and masks: "1.3 grouped", "1.3 causal mask" and "1.3 padding mask". */
@NullMarked
package tinyllm.lab.exercises.grouped;

import org.jspecify.annotations.NullMarked;
