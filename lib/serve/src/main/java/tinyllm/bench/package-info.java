/**
 * Measurements that can be repeated: a fresh process for each run, peers in turn with ours, medians beside the raw samples and
 * the machine that they were taken on (chapter 4.1).
 */
@NullMarked
package tinyllm.bench;

import org.jspecify.annotations.NullMarked;
