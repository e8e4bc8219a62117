package tinyllm.lab;

import java.util.Locale;
import java.util.Optional;

/** What stands in a chapter's {@code predict} cell: a number, or still the {@code "?"} with which it comes. */
final class Guess {

    /** What a starter has in the guess's place. */
    static final String NONE = "?";

    private Guess() {}

    /** The number that was typed, in quotes or not, with a point or a comma; nothing when it is none. */
    static Optional<Double> of(String typed) {
        try {
            double number = Double.parseDouble(typed.strip().replace(',', '.'));
            return Double.isFinite(number) ? Optional.of(number) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** What is shown in place of a guess that is no number. */
    static String request(String typed, String unit) {
        String wrong = typed.strip().equals(NONE) ? "" : "\"" + typed + "\" is no number. ";
        return wrong + "Type your guess (" + unit
                + ") in the place of \"?\" and run the cell again: a wild one will do,"
                + " nobody else sees it. Without one the chapter goes on all the same.";
    }

    /** Without a fraction where there is none. */
    static String shown(double guess) {
        return guess == Math.rint(guess) && Math.abs(guess) < 1e15
                ? Long.toString((long) guess)
                : String.format(Locale.ROOT, "%s", guess);
    }
}
