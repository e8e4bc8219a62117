/** Pictures in a row become an animated GIF (chapters 1.1 and 1.6, races). */
@NullMarked
package tinyllm.lab.film;

import org.jspecify.annotations.NullMarked;
