/**
 * Chapters 2.1 and 4.1, keys and values that are kept: "2.1 cache", "2.1 decode" and "2.1 second turn"; then kept in fewer bits, "4.1 codec", or
 * not all of them, "4.1 window" and "4.1 heavy".
 */
@NullMarked
package tinyllm.lab.exercises.kvcache;

import org.jspecify.annotations.NullMarked;
