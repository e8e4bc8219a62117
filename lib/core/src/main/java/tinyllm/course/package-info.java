/**
 * What ties the library to the exercises, whatever they are about: the note that a library implementation ran while a learner's answer
 * was being checked (every chapter).
 */
@NullMarked
package tinyllm.course;

import org.jspecify.annotations.NullMarked;
