/**
 * Many requests share one model; for now one request: the plain decode loop, and what it remembers (chapters 1.6, 2.1 and 2.6).
 */
@NullMarked
package tinyllm.engine;

import org.jspecify.annotations.NullMarked;
