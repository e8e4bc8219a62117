/** The one place that calls the notebook kernel, JJava. */
@NullMarked
package tinyllm.lab.kernel;

import org.jspecify.annotations.NullMarked;
