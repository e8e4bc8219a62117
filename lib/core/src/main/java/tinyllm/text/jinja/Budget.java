package tinyllm.text.jinja;

/**
 * How much one rendering may do: steps, characters made, and depth. What the conversation brings in raises the limits, so a long
 * one renders, while a hostile template ends well within a second.
 */
final class Budget {
    static final int MAX_DEPTH = 300;

    private static final long STEPS = 500_000;
    private static final long STEPS_PER_VALUE = 100;
    private static final long CHARS = 8_000_000;
    private static final long CHARS_PER_CHAR = 16;

    private long stepsLeft = STEPS;
    private long charsLeft = CHARS;
    private int depth;

    /** A value of the conversation with so many characters. */
    void bring(long chars) {
        stepsLeft += STEPS_PER_VALUE;
        charsLeft += chars * CHARS_PER_CHAR;
    }

    void step() {
        steps(1);
    }

    void steps(long n) {
        if (n > stepsLeft) {
            throw new TemplateException(
                    "The chat template takes more steps than this conversation may need; it does not end, or loops too much.");
        }
        stepsLeft -= n;
    }

    /** Counts characters before they are made. */
    void chars(long n) {
        if (n > charsLeft) {
            throw new TemplateException("The chat template makes more text than this conversation may need (" + CHARS
                    + " characters and " + CHARS_PER_CHAR + " for each of the conversation's).");
        }
        charsLeft -= n;
    }

    void enter() {
        if (++depth > MAX_DEPTH) {
            throw new TemplateException("The chat template nests or recurs more than " + MAX_DEPTH + " levels deep.");
        }
    }

    void leave() {
        depth--;
    }
}
