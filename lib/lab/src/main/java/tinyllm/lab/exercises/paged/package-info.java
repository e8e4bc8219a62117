/**
 * Chapters 3.1 and 3.2, keys and values in pages: "3.1 pool", "3.1 block table" and "3.1 cache"; then attention that reads them there, "3.2 gather",
 * "3.2 walk", "3.2 decode" and a challenge.
 */
@NullMarked
package tinyllm.lab.exercises.paged;

import org.jspecify.annotations.NullMarked;
