/** Chapter 1.6, text from a model: "1.6 template" and "1.6 generate". */
@NullMarked
package tinyllm.lab.exercises.generate;

import org.jspecify.annotations.NullMarked;
