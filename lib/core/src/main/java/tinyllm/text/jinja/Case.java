package tinyllm.text.jinja;

import java.util.Locale;
import java.util.function.IntPredicate;

/** Capital letters at the beginning of a text or of its words. */
final class Case {
    private Case() {}

    /** Python's {@code str.capitalize}. */
    static Str capitalize(Str s, Budget budget) {
        return words(s, c -> true, true, budget);
    }

    /** Python's {@code str.title}: a word is a run of letters. */
    static Str title(Str s, Budget budget) {
        return words(s, Character::isLetter, false, budget);
    }

    /** Jinja's filter {@code title}: a word ends at white space, a hyphen or an opening bracket. */
    static Str jinjaTitle(Str s, Budget budget) {
        return words(s, c -> !Blank.is(c) && "-({[<".indexOf(c) < 0, false, budget);
    }

    private static Str words(Str s, IntPredicate inWord, boolean single, Budget budget) {
        StrBuilder out = new StrBuilder(budget);
        boolean inside = false;
        for (Object item : Values.items(s, budget)) {
            Str character = (Str) item;
            boolean part = inWord.test(character.text().codePointAt(0));
            boolean first = part && !inside;
            out.append(character.map(t -> first ? t.toUpperCase(Locale.ROOT) : t.toLowerCase(Locale.ROOT), budget));
            inside = single || part;
        }
        return out.build();
    }
}
