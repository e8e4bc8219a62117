/**
 * Chapters 2.6 and 2.7, continuous batching and chunked prefill: "2.6 padded batch", "2.6 join", "2.6 scheduler", "2.7 chunks" and "2.7 scheduler",
 * whose cases are the same situations.
 */
@NullMarked
package tinyllm.lab.exercises.batching;

import org.jspecify.annotations.NullMarked;
