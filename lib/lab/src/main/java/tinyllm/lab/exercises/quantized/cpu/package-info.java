/** Chapter 2.2, 4-bit weights on the CPU: "2.2 group", "2.2 packing", "2.2 loop", "2.2 vector", "2.2 C++" and the challenge "2.2 matvec". */
@NullMarked
package tinyllm.lab.exercises.quantized.cpu;

import org.jspecify.annotations.NullMarked;
