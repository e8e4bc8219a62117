/**
 * The operations that this lab writes itself, and which variant of an operation runs when (chapters 2.2 to 2.5 and 4.5): in C++ for the
 * CPU at hand, and as Metal source, which runs on Apple's GPUs, on NVIDIA's, and thread by thread on a host, where every access is
 * looked at. The other packages compute with array operations, or call what is ready-made here.
 */
@NullMarked
package tinyllm.kernel;

import org.jspecify.annotations.NullMarked;
