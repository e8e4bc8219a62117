package tinyllm.engine;

import org.jspecify.annotations.Nullable;

/** A generation that cannot go on, with the reason and, where numbers went wrong, the first place where they did. */
public final class GenerationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public GenerationException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
