/** Chapter 2.4, flash attention on the CPU: "2.4 online softmax", "2.4 tiled", "2.4 vector", "2.4 C++" and the challenge "2.4 attention". */
@NullMarked
package tinyllm.lab.exercises.flash.cpu;

import org.jspecify.annotations.NullMarked;
