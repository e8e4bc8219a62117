/** Chapter 1.2, rotary embedding: "1.2 rope" and "1.2 both layouts". */
@NullMarked
package tinyllm.lab.exercises.rope;

import org.jspecify.annotations.NullMarked;
