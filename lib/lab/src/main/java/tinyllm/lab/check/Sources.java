package tinyllm.lab.check;

import java.util.function.Supplier;
import tinyllm.course.ReferenceUse;
import tinyllm.kernel.KernelText;

/** Kernel sources as answers: the right one, and wrong ones that differ from it in one place. */
public final class Sources {

    /** The line at which all threads of a group meet. */
    public static final String BARRIER = "threadgroup_barrier(mem_flags::mem_threadgroup);\n";

    private Sources() {}

    /** The library's answer to an exercise. */
    public static Supplier<KernelText> own(String exercise, String text) {
        return () -> () -> {
            ReferenceUse.note(exercise);
            return text;
        };
    }

    /**
     * The text with each occurrence of {@code right} replaced.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static Supplier<KernelText> edited(String text, String right, String wrong) {
        if (!text.contains(right)) {
            throw new IllegalArgumentException("the kernel has no \"" + right + "\" to make wrong");
        }
        String changed = text.replace(right, wrong);
        return () -> () -> changed;
    }

    /** The text with the first occurrence of {@code right} after {@code from} replaced. */
    public static Supplier<KernelText> edited(String text, String from, String right, String wrong) {
        int at = text.indexOf(right, text.indexOf(from));
        if (at < 0 || !text.contains(from)) {
            throw new IllegalArgumentException(
                    "the kernel has no \"" + right + "\" after \"" + from + "\" to make wrong");
        }
        String changed = text.substring(0, at) + wrong + text.substring(at + right.length());
        return () -> () -> changed;
    }

    /** Another source altogether. */
    public static Supplier<KernelText> of(String text) {
        return () -> () -> text;
    }
}
