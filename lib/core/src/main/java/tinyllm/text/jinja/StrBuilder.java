package tinyllm.text.jinja;

import java.util.Arrays;

/** Builds a {@link Str}; every character is charged to the budget before it is made. */
final class StrBuilder {
    private final Budget budget;
    private final StringBuilder text = new StringBuilder();
    private int[] cuts = new int[8];
    private int count;
    private boolean first = true;
    private boolean last = true;

    StrBuilder(Budget budget) {
        this.budget = budget;
    }

    StrBuilder append(Str part) {
        part.forEachRun(this::append);
        return this;
    }

    StrBuilder append(String part, boolean fromTemplate) {
        if (part.isEmpty()) {
            return this;
        }
        budget.chars(part.length());
        if (text.isEmpty()) {
            first = fromTemplate;
        } else if (last != fromTemplate) {
            if (count == cuts.length) {
                cuts = Arrays.copyOf(cuts, count * 2);
            }
            cuts[count++] = text.length();
        }
        last = fromTemplate;
        text.append(part);
        return this;
    }

    /** What is not written by the template itself (numbers, punctuation of printed data) counts as data. */
    StrBuilder data(String part) {
        return append(part, false);
    }

    boolean isEmpty() {
        return text.isEmpty();
    }

    Str build() {
        return new Str(text.toString(), Arrays.copyOf(cuts, count), first);
    }
}
