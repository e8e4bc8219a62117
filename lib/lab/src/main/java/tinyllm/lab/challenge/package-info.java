/**
 * A chapter's last measurement: one kernel in several ways, naive, the learner's, ours and MLX's, on the same inputs. What is wrong
 * gets no place; what ran is compared by the median time of interleaved runs or, for Metal on the host, by counts.
 */
@NullMarked
package tinyllm.lab.challenge;

import org.jspecify.annotations.NullMarked;
