package tinyllm.lab.grade;

import java.util.Arrays;

/** What became of an answer, as a teacher reads it. */
public enum Mark {
    CORRECT("✔", "correct"),
    /** The numbers are right, but the library computed them. */
    LIBRARY("◐", "the library's own"),
    /** The stub as it was handed out, or no answer at all. */
    NOT_ATTEMPTED("○", "not attempted"),
    INCORRECT("✘", "incorrect"),
    /** It threw, never ended, ended the process, or took too much memory: {@link Finding#cause} says which. */
    CRASHED("✘", "crashed"),
    /** There is nothing to run: it does not compile, or can't be constructed. */
    UNCHECKABLE("?", "cannot be checked");

    private final String sign;
    private final String words;

    Mark(String sign, String words) {
        this.sign = sign;
        this.words = words;
    }

    public String sign() {
        return sign;
    }

    /** As it stands in tables and in JSON. */
    public String words() {
        return words;
    }

    static Mark of(String words) {
        return Arrays.stream(values())
                .filter(mark -> mark.words.equals(words))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no verdict \"" + words + "\""));
    }
}
