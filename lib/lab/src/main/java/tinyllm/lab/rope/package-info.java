/** How rotary position embedding turns pairs of numbers, drawn (chapter 1.2). */
@NullMarked
package tinyllm.lab.rope;

import org.jspecify.annotations.NullMarked;
