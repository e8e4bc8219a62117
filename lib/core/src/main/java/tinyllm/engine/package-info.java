/**
 * Many requests share one model; in week 1, one request and the plain decode loop (chapters 1.6 and 2.6).
 */
@NullMarked
package tinyllm.engine;

import org.jspecify.annotations.NullMarked;
