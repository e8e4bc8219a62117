package tinyllm.kernel;

/**
 * A kernel's source as an answer to an exercise (chapters 2.2 to 2.5): a Metal text as {@link MetalKernel#of(String)} takes it, or C++
 * as {@link CppKernel} does; the exercise says which, and which names go in and come out.
 */
@FunctionalInterface
public interface KernelText {

    /** The source; lines in errors count from its first line. */
    String text();
}
