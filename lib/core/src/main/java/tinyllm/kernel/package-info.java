/**
 * The operations that this lab writes itself, and which variant runs when (chapters 2.2 to 2.5 and 4.5). A kernel is Metal source;
 * one source runs on Apple's GPUs, on NVIDIA's, and thread by thread on a host, where every access is looked at.
 */
@NullMarked
package tinyllm.kernel;

import org.jspecify.annotations.NullMarked;
