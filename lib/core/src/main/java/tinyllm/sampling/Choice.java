package tinyllm.sampling;

import java.util.Map;
import java.util.SortedMap;
import tinyllm.course.ReferenceUse;

/** Walks along the probabilities until their sum is above u. */
public final class Choice implements ChoiceFn {

    @Override
    public int choose(SortedMap<Integer, Double> probabilities, double u) {
        ReferenceUse.note("0.2 sample");
        double sum = 0;
        int last = -1;
        for (Map.Entry<Integer, Double> entry : probabilities.entrySet()) {
            sum += entry.getValue();
            if (u < sum) {
                return entry.getKey();
            }
            last = entry.getValue() > 0 ? entry.getKey() : last;
        }
        return last; // rounding left the sum a little below 1
    }
}
