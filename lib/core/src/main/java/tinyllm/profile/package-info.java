/**
 * What an operation costs and where the time goes (chapter 4.6): operations and bytes counted, the machine's ceiling over them, and a
 * stopwatch for each kind of operation of a model.
 */
@NullMarked
package tinyllm.profile;

import org.jspecify.annotations.NullMarked;
