/** Two models or engines answer the same prompts, side by side on one clock. */
@NullMarked
package tinyllm.lab.race;

import org.jspecify.annotations.NullMarked;
