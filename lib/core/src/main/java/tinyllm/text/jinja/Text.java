package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's work on strings, with the writer of every character kept. */
final class Text {
    private Text() {}

    static Str concat(Str a, Str b, Budget budget) {
        return new StrBuilder(budget).append(a).append(b).build();
    }

    static Str join(Iterable<?> items, Str separator, Budget budget) {
        StrBuilder out = new StrBuilder(budget);
        boolean first = true;
        for (Object item : items) {
            budget.step();
            if (!first) {
                out.append(separator);
            }
            first = false;
            out.append(Printer.str(item, budget));
        }
        return out.build();
    }

    static Str repeat(Str s, long times, Budget budget) {
        if (times <= 0 || s.isEmpty()) {
            return Str.EMPTY;
        }
        if (times > Integer.MAX_VALUE) {
            throw new TemplateException("a string is repeated " + times + " times, which is too often");
        }
        budget.steps(times);
        budget.chars(times * s.length()); // refused as a whole, before the first copy
        StrBuilder out = new StrBuilder(budget);
        for (long i = 0; i < times; i++) {
            out.append(s);
        }
        return out.build();
    }

    /** @param chars the characters to take off, or null for white space */
    static Str strip(Str s, @Nullable String chars, boolean left, boolean right, Budget budget) {
        String text = s.text();
        int from = 0;
        int to = text.length();
        while (left && from < to && stripped(text.codePointAt(from), chars)) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (right && from < to && stripped(text.codePointBefore(to), chars)) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        budget.chars(text.length());
        return s.substring(from, to);
    }

    private static boolean stripped(int c, @Nullable String chars) {
        return chars == null ? Blank.is(c) : chars.indexOf(c) >= 0;
    }

    static Str replace(Str s, Str old, Str with, long most, Budget budget) {
        long left = most < 0 ? Long.MAX_VALUE : most;
        StrBuilder out = new StrBuilder(budget);
        int from = 0;
        if (old.isEmpty()) {
            return replaceEmpty(s, with, left, budget);
        }
        for (int hit = s.text().indexOf(old.text()); hit >= 0 && left > 0; left--) {
            budget.step();
            out.append(s.substring(from, hit)).append(with);
            from = hit + old.length();
            hit = s.text().indexOf(old.text(), from);
        }
        return out.append(s.substring(from)).build();
    }

    /** Python puts the new text before every character and behind the last. */
    private static Str replaceEmpty(Str s, Str with, long most, Budget budget) {
        StrBuilder out = new StrBuilder(budget);
        long left = most;
        for (Object character : Values.items(s, budget)) {
            out.append(left-- > 0 ? with : Str.EMPTY).append((Str) character);
        }
        return out.append(left > 0 ? with : Str.EMPTY).build();
    }

    static List<Object> split(Str s, Str separator, long most, Budget budget) {
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
        budget.chars(s.length());
        List<Object> parts = new ArrayList<>();
        int from = 0;
        for (int hit = s.text().indexOf(separator.text()); hit >= 0 && parts.size() != most; ) {
            budget.step();
            parts.add(s.substring(from, hit));
            from = hit + separator.length();
            hit = s.text().indexOf(separator.text(), from);
        }
        parts.add(s.substring(from));
        return parts;
    }

    static List<Object> splitFromRight(Str s, Str separator, long most, Budget budget) {
        if (separator.isEmpty()) {
            throw new TemplateException("empty separator");
        }
        budget.chars(s.length());
        List<Object> parts = new ArrayList<>();
        int to = s.length();
        while (parts.size() != most) {
            budget.step();
            int hit = s.text().lastIndexOf(separator.text(), to - separator.length());
            if (hit < 0 || to < separator.length()) {
                break;
            }
            parts.addFirst(s.substring(hit + separator.length(), to));
            to = hit;
        }
        parts.addFirst(s.substring(0, to));
        return parts;
    }

    /** Words between runs of white space; beyond {@code most} cuts the rest stays as it is. */
    static List<Object> words(Str s, long most, Budget budget) {
        budget.chars(s.length());
        List<Object> words = new ArrayList<>();
        String text = s.text();
        int i = 0;
        while (true) {
            while (i < text.length() && Blank.is(text.charAt(i))) {
                i++;
            }
            if (i == text.length()) {
                return words;
            }
            budget.step();
            if (words.size() == most) {
                words.add(s.substring(i));
                return words;
            }
            int end = i;
            while (end < text.length() && !Blank.is(text.charAt(end))) {
                end++;
            }
            words.add(s.substring(i, end));
            i = end;
        }
    }

    static List<Object> lines(Str s, boolean keepEnds, Budget budget) {
        budget.chars(s.length());
        List<Object> lines = new ArrayList<>();
        String text = s.text();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            if ("\n\r\u000B\f\u001C\u001D\u001E\u0085\u2028\u2029".indexOf(text.charAt(i)) < 0) {
                continue;
            }
            budget.step();
            int end = i;
            i += text.startsWith("\r\n", i) ? 1 : 0;
            lines.add(s.substring(from, keepEnds ? i + 1 : end));
            from = i + 1;
        }
        if (from < text.length()) {
            lines.add(s.substring(from));
        }
        return lines;
    }
}
