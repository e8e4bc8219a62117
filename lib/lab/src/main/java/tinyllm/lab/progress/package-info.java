/** What a learner has done, kept on disk. */
@NullMarked
package tinyllm.lab.progress;

import org.jspecify.annotations.NullMarked;
