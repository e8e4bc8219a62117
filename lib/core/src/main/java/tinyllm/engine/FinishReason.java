package tinyllm.engine;

import java.util.Locale;

/** Why a request ended. */
public enum FinishReason {
    /** the model chose an end token, the text reached a stop string, or it is whole by its constraint and nothing may follow */
    STOP,
    /** max_tokens were generated, or the context or the pool is full */
    LENGTH,
    /** somebody cancelled it */
    CANCELLED,
    /** it failed; the error says why */
    ERROR;

    /** "stop", "length", "cancelled" or "error". */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
