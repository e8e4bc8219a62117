package tinyllm.arrays;

import java.util.Arrays;
import tinyllm.course.ReferenceUse;

/** Broadcasting by index arithmetic: an axis that stretches does not move the place that is read. */
public final class Broadcast implements BroadcastFn {

    @Override
    public int[] shape(int[] a, int[] b) {
        ReferenceUse.note("0.1 broadcasting");
        int[] out = new int[Math.max(a.length, b.length)];
        for (int back = 1; back <= out.length; back++) {
            int x = back <= a.length ? a[a.length - back] : 1;
            int y = back <= b.length ? b[b.length - back] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException("the shapes " + Arrays.toString(a) + " and " + Arrays.toString(b)
                        + " don't fit: " + x + " and " + y + " meet at axis -" + back + ", and neither is 1");
            }
            out[out.length - back] = x == 1 ? y : x;
        }
        return out;
    }

    @Override
    public float[] stretch(float[] values, int[] from, int[] to) {
        ReferenceUse.note("0.1 broadcasting");
        int size = Arrays.stream(to).reduce(1, (x, y) -> x * y);
        float[] out = new float[size];
        for (int i = 0; i < size; i++) {
            out[i] = values[source(i, from, to)];
        }
        return out;
    }

    /** Where entry i of the stretched array is read: its index, axis by axis from the last, without the axes of size 1. */
    private static int source(int i, int[] from, int[] to) {
        int place = 0;
        int stride = 1;
        int rest = i;
        for (int back = 1; back <= from.length; back++) {
            int index = rest % to[to.length - back];
            rest /= to[to.length - back];
            if (from[from.length - back] != 1) {
                place += index * stride;
            }
            stride *= from[from.length - back];
        }
        return place;
    }
}
