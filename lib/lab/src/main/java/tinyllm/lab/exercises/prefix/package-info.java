/** Chapter 4.2, pages that requests share: "4.2 owners", "4.2 keys" and "4.2 eviction". */
@NullMarked
package tinyllm.lab.exercises.prefix;

import org.jspecify.annotations.NullMarked;
