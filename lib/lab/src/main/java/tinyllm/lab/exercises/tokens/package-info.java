/** Chapter 0.2, tokens and a first language model: "0.2 merge", "0.2 bigram" and "0.2 sample". */
@NullMarked
package tinyllm.lab.exercises.tokens;

import org.jspecify.annotations.NullMarked;
