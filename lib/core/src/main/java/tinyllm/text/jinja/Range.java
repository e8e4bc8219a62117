package tinyllm.text.jinja;

import java.util.AbstractList;

/** Python's range: its numbers are made one by one, so a huge one costs nothing until it is walked. */
final class Range extends AbstractList<Object> {
    private final long start;
    private final long step;
    private final int size;

    Range(long start, long stop, long step) {
        if (step == 0) {
            throw new TemplateException("range() arg 3 must not be zero");
        }
        this.start = start;
        this.step = step;
        boolean any = step > 0 ? start < stop : start > stop;
        try {
            long steps = any ? Math.ceilDiv(Math.subtractExact(stop, start), step) : 0;
            this.size = Math.toIntExact(steps);
        } catch (ArithmeticException e) {
            throw new TemplateException("range() is longer than a chat template may walk");
        }
    }

    @Override
    public Object get(int index) {
        return start + index * step;
    }

    @Override
    public int size() {
        return size;
    }
}
