package tinyllm.lab.check;

/** How a check ended, kept apart so that a stub never looks like a mistake, nor a mistake like a crash. */
public enum Outcome {
    /** Every case agrees. */
    CORRECT("✔", "correct"),
    /** Every case agrees, but the library computed it. */
    LIBRARY("◐", "the library's own"),
    /** The stub's {@code todo} was reached. */
    NOT_ATTEMPTED("○", "not solved yet"),
    /** A result differs. */
    INCORRECT("✘", "incorrect"),
    /** The answer threw. */
    CRASHED("✘", "crashed"),
    /** The deadline passed. */
    TIMED_OUT("⏱", "out of time"),
    /** The learner interrupted the cell. */
    STOPPED("■", "stopped"),
    /** There is no answer to run: its constructor failed, or it implements something else. */
    UNCHECKABLE("?", "cannot be checked");

    private final String sign;
    private final String words;

    Outcome(String sign, String words) {
        this.sign = sign;
        this.words = words;
    }

    public String sign() {
        return sign;
    }

    public String words() {
        return words;
    }
}
