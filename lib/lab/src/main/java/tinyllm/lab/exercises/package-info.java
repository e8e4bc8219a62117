/**
 * The course's exercises and challenges, found through {@code Exercises} and {@code Challenges}. They live in a room for each chapter, or for
 * the few chapters that share an idea, named by that idea; the room's own lines say which chapters and exercises it holds. In reading
 * order: tensors, tokens, attention, rope, grouped, mlp, transformer, generate, sampling, kvcache, profiling, quantized.cpu, metal,
 * quantized.gpu, flash.cpu, flash.gpu, batching, paged, prefix, server.
 *
 * <p>A class with a constant {@code Exercise} or {@code Challenge} is public. Beside it, for its room alone: {@code …Steps} are wrong answers
 * that need more than a line, {@code …Run} plays a case, {@code …Cases} and {@code …Inputs} draw what several exercises are given,
 * {@code …Kernels} and {@code …Texts} hold sources. What rooms share belongs into {@code tinyllm.lab.check}, not into one of them.
 */
@NullMarked
package tinyllm.lab.exercises;

import org.jspecify.annotations.NullMarked;
