package tinyllm.kernel.check;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Source text as words with their lines; comments and quoted text are blanked before. */
final class Words {
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z_]\\w*|\\d[\\w.]*|\\S");

    /** A word, a number or one sign. */
    record Word(String text, int line) {
        boolean isName() {
            return Character.isLetter(text.charAt(0)) || text.charAt(0) == '_';
        }
    }

    private Words() {}

    /** The words of code that starts on a line. Preprocessor lines are left out. */
    static List<Word> of(String code, int firstLine) {
        List<Word> words = new ArrayList<>();
        int line = firstLine;
        for (String text : code.split("\n", -1)) {
            if (!text.stripLeading().startsWith("#")) {
                Matcher token = TOKEN.matcher(text);
                while (token.find()) {
                    words.add(new Word(token.group(), line));
                }
            }
            line++;
        }
        return words;
    }
}
