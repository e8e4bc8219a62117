package tinyllm.cache;

import java.util.stream.IntStream;
import tinyllm.course.ReferenceUse;

/** The first, the last, and those between them that received most attention. */
public final class HeavyHitters implements KeepFn {

    @Override
    public int[] keep(double[] received, int sinks, int heavy, int recent) {
        ReferenceUse.note("4.1 window");
        ReferenceUse.note("4.1 heavy");
        int held = received.length;
        if (held <= sinks + heavy + recent) {
            return IntStream.range(0, held).toArray();
        }
        int last = held - recent;
        IntStream heaviest = IntStream.range(sinks, last)
                .boxed()
                .sorted((a, b) -> received[a] == received[b] ? b - a : Double.compare(received[b], received[a]))
                .limit(heavy)
                .mapToInt(i -> i)
                .sorted();
        return IntStream.concat(IntStream.concat(IntStream.range(0, sinks), heaviest), IntStream.range(last, held))
                .toArray();
    }
}
