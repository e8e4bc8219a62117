package tinyllm.text.jinja;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * A string that knows who wrote each of its characters: the template or the data. Equality and order look at the text alone.
 * Positions count UTF-16 units unless a method says code points, as Python does.
 */
public final class Str {
    static final Str EMPTY = new Str("", new int[0], true);

    private final String text;
    private final int[] cuts; // where the writer changes, rising, inside the text
    private final boolean firstFromTemplate;

    Str(String text, int[] cuts, boolean firstFromTemplate) {
        this.text = text;
        this.cuts = cuts;
        this.firstFromTemplate = firstFromTemplate;
    }

    /** Text that the template wrote. */
    public static Str template(String text) {
        return new Str(text, new int[0], true);
    }

    /** Text that came in as data. */
    public static Str data(String text) {
        return new Str(text, new int[0], false);
    }

    public String text() {
        return text;
    }

    int length() {
        return text.length();
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    int codePoints() {
        return text.codePointCount(0, text.length());
    }

    /** Receives the stretches of one writer, from left to right. */
    public interface Runs {
        void run(String text, boolean fromTemplate);
    }

    public void forEachRun(Runs runs) {
        boolean template = firstFromTemplate;
        int from = 0;
        for (int i = 0; i <= cuts.length; i++) {
            int to = i < cuts.length ? cuts[i] : text.length();
            if (to > from) {
                runs.run(text.substring(from, to), template);
            }
            template = !template;
            from = to;
        }
    }

    Str substring(int from, int to) {
        if (from == 0 && to == text.length()) {
            return this;
        }
        int first = 0;
        while (first < cuts.length && cuts[first] <= from) {
            first++;
        }
        int last = first;
        while (last < cuts.length && cuts[last] < to) {
            last++;
        }
        int[] inner = Arrays.copyOfRange(cuts, first, last);
        for (int i = 0; i < inner.length; i++) {
            inner[i] -= from;
        }
        return new Str(text.substring(from, to), inner, firstFromTemplate == (first % 2 == 0));
    }

    Str substring(int from) {
        return substring(from, text.length());
    }

    /** Each stretch of one writer changed by itself, as for a change of case. */
    Str map(UnaryOperator<String> change, Budget budget) {
        StrBuilder out = new StrBuilder(budget);
        forEachRun((run, template) -> out.append(change.apply(run), template));
        return out.build();
    }

    /** The character at an index of code points; the index must be in range. */
    Str codePointAt(int index) {
        int from = text.offsetByCodePoints(0, index);
        return substring(from, from + Character.charCount(text.codePointAt(from)));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Str s && s.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
