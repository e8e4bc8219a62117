package tinyllm.text;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Unicode's normalization form C in linear time. The JDK sorts a run of combining marks by insertion, which is quadratic for a
 * run of marks in falling order; here long runs are sorted before the JDK sees them, so that it finds nothing to do.
 */
final class Nfc {
    private static final int LONG_RUN = 32;
    private static final int LONGEST_SORTED = 1 << 23; // a mark decomposes into two at most
    private static final int STARTER = -1;

    private Nfc() {}

    static String normalize(String text) {
        if (isPlain(text)) {
            return text;
        }
        String sorted = sortLongRuns(text);
        return Normalizer.normalize(sorted, Form.NFC);
    }

    /** Below U+0300 there are no combining marks and every character is in form C. */
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x300) {
                return false;
            }
        }
        return true;
    }

    private static String sortLongRuns(String text) {
        StringBuilder out = null;
        int copied = 0;
        for (int i = 0; i < text.length(); ) {
            int end = Math.min(marksEnd(text, i), i + LONGEST_SORTED);
            if (end - i > LONG_RUN) {
                out = out == null ? new StringBuilder(text.length()) : out;
                out.append(text, copied, i);
                appendSorted(text.substring(i, end), out);
                copied = end;
            }
            i = end > i ? end : i + Character.charCount(text.codePointAt(i));
        }
        return out == null ? text : out.append(text, copied, text.length()).toString();
    }

    private static int marksEnd(String text, int from) {
        int end = from;
        while (end < text.length() && isMark(text.codePointAt(end))) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    private static boolean isMark(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
            default -> false;
        };
    }

    /** Stable sorting between starters, by combining class; marks of one class keep their order. */
    private static void appendSorted(String run, StringBuilder out) {
        int[] marks = decompose(run).codePoints().toArray();
        Map<Integer, Integer> ranks = ranks(marks);
        long[] keys = new long[marks.length];
        int block = 0; // marks never move over a starter: each begins a new block
        for (int i = 0; i < marks.length; i++) {
            int rank = ranks.getOrDefault(marks[i], STARTER);
            block += rank == STARTER ? 1 : 0;
            keys[i] = ((long) block << 10 | (rank + 1)) << 24 | i; // i is below 2^24, a rank below 2^10
        }
        Arrays.sort(keys);
        for (long key : keys) {
            out.appendCodePoint(marks[(int) (key & 0xFFFFFF)]);
        }
    }

    /** The order of the combining classes of the marks in a run; starters are left out. */
    private static Map<Integer, Integer> ranks(int[] marks) {
        Integer[] distinct = Arrays.stream(marks)
                .distinct()
                .filter(c -> !isStarter(c))
                .boxed()
                .sorted(Nfc::compareClasses)
                .toArray(Integer[]::new);
        Map<Integer, Integer> ranks = new HashMap<>();
        int rank = 0;
        for (int i = 0; i < distinct.length; i++) {
            rank += i > 0 && compareClasses(distinct[i - 1], distinct[i]) != 0 ? 1 : 0;
            ranks.put(distinct[i], rank);
        }
        return ranks;
    }

    private static String decompose(String run) {
        StringBuilder out = new StringBuilder(run.length());
        run.codePoints()
                .forEach(c -> out.append(
                        c < 0x80 ? Character.toString(c) : Normalizer.normalize(Character.toString(c), Form.NFD)));
        return out.toString();
    }

    /** A mark of class 0 is not moved over an acute accent (class 230), nor over a cedilla (class 202), in either order. */
    private static boolean isStarter(int c) {
        return compareClasses(c, 0x301) == 0 && compareClasses(c, 0x327) == 0;
    }

    /** The JDK does not tell a mark's class, but the order in which it writes two marks does. */
    private static int compareClasses(int a, int b) {
        if (a == b) {
            return 0;
        }
        if (swaps(b, a)) {
            return -1;
        }
        return swaps(a, b) ? 1 : 0;
    }

    private static boolean swaps(int first, int second) {
        String pair = Character.toString(first) + Character.toString(second);
        return Normalizer.normalize(pair, Form.NFD).codePointAt(0) != first;
    }
}
