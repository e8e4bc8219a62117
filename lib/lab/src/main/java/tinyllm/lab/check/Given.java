package tinyllm.lab.check;

import org.jspecify.annotations.Nullable;

/** What an answer's method gave, where a case goes on with it: a null is told by the method's name. */
public final class Given {

    private Given() {}

    /** @throws IllegalStateException when there is nothing */
    public static <R> R back(@Nullable R value, String method) {
        if (value == null) {
            throw new IllegalStateException(method + " returned null");
        }
        return value;
    }
}
