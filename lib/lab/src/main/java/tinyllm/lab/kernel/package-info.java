/** The notebook in a kernel: what every kernel gets, and one thin adapter each for JJava and IJava. */
@NullMarked
package tinyllm.lab.kernel;

import org.jspecify.annotations.NullMarked;
