/** Chapter 3.8, a streaming server: "3.8 policy", "3.8 deltas", "3.8 events" and "3.8 cancel". */
@NullMarked
package tinyllm.lab.exercises.server;

import org.jspecify.annotations.NullMarked;
