/**
 * A kernel's source as a program of this machine: compiled by its C++ compiler, run in a process of its own with every access looked
 * at (chapters 4.5 and 2.3). Knows bytes and lines, no tensors.
 */
@NullMarked
package tinyllm.kernel.host;

import org.jspecify.annotations.NullMarked;
