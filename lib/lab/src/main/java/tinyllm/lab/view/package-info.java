/** What a notebook can show, and where it appears. */
@NullMarked
package tinyllm.lab.view;

import org.jspecify.annotations.NullMarked;
