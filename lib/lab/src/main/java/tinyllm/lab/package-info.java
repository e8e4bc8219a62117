/**
 * What a notebook's cell calls: checks, hints, progress, charts, tables, and the default model. Exercises are described in
 * {@code tinyllm.lab.exercises}; how to add one stands in the module's README.
 */
@NullMarked
package tinyllm.lab;

import org.jspecify.annotations.NullMarked;
