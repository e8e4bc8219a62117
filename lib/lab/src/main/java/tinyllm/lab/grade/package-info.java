/**
 * Checks of code that nobody has read: in a process of its own, with a deadline and a memory limit, from kept files or from
 * notebooks that are never run (every chapter).
 */
@NullMarked
package tinyllm.lab.grade;

import org.jspecify.annotations.NullMarked;
