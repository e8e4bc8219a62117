package tinyllm.course;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Notes that the library's own implementation of an exercise ran while a learner's answer was being checked: an answer that only
 * calls the library is shown as "the library's own", not as solved. Costs one look-up when nobody records.
 */
public final class ReferenceUse {

    private static final ScopedValue<Set<String>> NOTES = ScopedValue.newInstance();

    private ReferenceUse() {}

    /**
     * @param value what the body returned
     * @param used exercises whose reference ran meanwhile, on the same thread
     */
    public record Recorded<T>(T value, Set<String> used) {}

    /** Called by the library's implementation of an exercise, such as "1.1 attention". */
    public static void note(String exercise) {
        if (NOTES.isBound()) {
            NOTES.get().add(exercise);
        }
    }

    /** Runs body and tells which references it called. */
    public static <T> Recorded<T> record(Supplier<T> body) {
        Set<String> used = new LinkedHashSet<>();
        T value = ScopedValue.where(NOTES, used).call(body::get);
        return new Recorded<>(value, Collections.unmodifiableSet(used));
    }

    /** Runs body without notes: for library code that a check itself needs. */
    public static <T> T unrecorded(Supplier<T> body) {
        return ScopedValue.where(NOTES, new LinkedHashSet<>()).call(body::get);
    }
}
