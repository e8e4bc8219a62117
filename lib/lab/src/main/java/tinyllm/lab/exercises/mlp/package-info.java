/** Chapter 1.4, norm and MLP: "1.4 rmsnorm", "1.4 silu" and "1.4 mlp". */
@NullMarked
package tinyllm.lab.exercises.mlp;

import org.jspecify.annotations.NullMarked;
