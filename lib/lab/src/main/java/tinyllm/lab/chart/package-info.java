/** Painters of the pictures that {@code Charts} offers. */
@NullMarked
package tinyllm.lab.chart;

import org.jspecify.annotations.NullMarked;
