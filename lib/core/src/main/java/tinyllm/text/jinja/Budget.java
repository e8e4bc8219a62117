package tinyllm.text.jinja;

/** How much one rendering may do: steps, characters made, and depth. It ends a hostile template well within a second. */
final class Budget {
    static final long MAX_STEPS = 2_000_000;
    static final long MAX_CHARS = 32_000_000;
    static final int MAX_DEPTH = 300;

    private long steps;
    private long chars;
    private int depth;

    void step() {
        steps(1);
    }

    void steps(long n) {
        steps += n;
        if (steps > MAX_STEPS || n > MAX_STEPS) {
            throw new TemplateException("The chat template takes more than " + MAX_STEPS
                    + " steps; it does not end, or its input is too large.");
        }
    }

    /** Counts characters before they are made. */
    void chars(long n) {
        chars += n;
        if (chars > MAX_CHARS || n > MAX_CHARS) {
            throw new TemplateException("The chat template makes more than " + MAX_CHARS
                    + " characters of text; it does not end, or its input is too large.");
        }
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
