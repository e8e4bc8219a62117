/**
 * Chapter 4.5, first Metal kernels: "4.5 axpy", "4.5 softmax", "4.5 rmsnorm", "4.5 rope", "4.5 swiglu", "4.5 linear" and a challenge. What every
 * chapter with kernels needs, {@code KernelCheck} and {@code Sources}, is in {@code tinyllm.lab.check}.
 */
@NullMarked
package tinyllm.lab.exercises.metal;

import org.jspecify.annotations.NullMarked;
