/** Who looks at whom: attention weights of a run as maps, grids and a film (chapter 1.1). */
@NullMarked
package tinyllm.lab.attention;

import org.jspecify.annotations.NullMarked;
