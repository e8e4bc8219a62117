package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;

/** A set of Unicode code points without surrogates, as rising ranges with gaps between them. */
public record CodePoints(List<Range> ranges) {

    private static final int LAST = Character.MAX_CODE_POINT;

    /** Every code point that UTF-8 can carry. */
    public static final CodePoints ALL = of(0, LAST);

    static final CodePoints NONE = new CodePoints(List.of());

    /** Both ends belong to it. */
    public record Range(int low, int high) {}

    public CodePoints {
        ranges = List.copyOf(ranges);
    }

    public static CodePoints of(int low, int high) {
        return normal(List.of(new Range(low, high)));
    }

    static CodePoints of(String each) {
        return normal(each.codePoints().mapToObj(c -> new Range(c, c)).toList());
    }

    static CodePoints where(IntPredicate belongs) {
        List<Range> all = new ArrayList<>();
        int from = -1;
        for (int c = 0; c <= LAST + 1; c++) {
            boolean in = c <= LAST && belongs.test(c);
            if (in && from < 0) {
                from = c;
            } else if (!in && from >= 0) {
                all.add(new Range(from, c - 1));
                from = -1;
            }
        }
        return normal(all);
    }

    CodePoints or(CodePoints other) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(other.ranges);
        return normal(all);
    }

    /** Those that do not belong to it. */
    public CodePoints not() {
        List<Range> gaps = new ArrayList<>();
        int from = 0;
        for (Range range : ranges) {
            if (range.low > from) {
                gaps.add(new Range(from, range.low - 1));
            }
            from = range.high + 1;
        }
        if (from <= LAST) {
            gaps.add(new Range(from, LAST));
        }
        return normal(gaps);
    }

    public CodePoints and(CodePoints other) {
        return not().or(other.not()).not();
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    private static CodePoints normal(List<Range> any) {
        List<Range> cut = new ArrayList<>();
        for (Range range : any) {
            addCut(cut, range.low, Math.min(range.high, Character.MIN_SURROGATE - 1));
            addCut(cut, Math.max(range.low, Character.MAX_SURROGATE + 1), range.high);
        }
        cut.sort(Comparator.comparingInt(Range::low));
        List<Range> joined = new ArrayList<>();
        for (Range range : cut) {
            Range last = joined.isEmpty() ? null : joined.getLast();
            if (last != null && range.low <= last.high + 1) {
                joined.set(joined.size() - 1, new Range(last.low, Math.max(last.high, range.high)));
            } else {
                joined.add(range);
            }
        }
        return new CodePoints(joined);
    }

    private static void addCut(List<Range> into, int low, int high) {
        if (low <= high) {
            into.add(new Range(low, high));
        }
    }
}
