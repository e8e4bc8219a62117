/** An answer is run on an exercise's cases, and a mistake is called by its name. */
@NullMarked
package tinyllm.lab.check;

import org.jspecify.annotations.NullMarked;
