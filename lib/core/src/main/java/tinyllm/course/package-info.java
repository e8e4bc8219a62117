/**
 * What ties the library to the exercises, whatever they are about: the note that a library implementation ran while a learner's answer
 * was being checked, and the learner's answers that take a part's place (every chapter).
 */
@NullMarked
package tinyllm.course;

import org.jspecify.annotations.NullMarked;
