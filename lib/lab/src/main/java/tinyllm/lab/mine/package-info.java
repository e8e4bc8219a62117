/**
 * The learner's own code: kept as Java files when a check is green, compiled again, and put into a model (every chapter).
 */
@NullMarked
package tinyllm.lab.mine;

import org.jspecify.annotations.NullMarked;
