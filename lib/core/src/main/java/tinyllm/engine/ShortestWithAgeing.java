package tinyllm.engine;

import java.util.Comparator;
import java.util.List;
import tinyllm.course.ReferenceUse;

/**
 * The shortest prompt first, with ageing. Everybody ages alike, so of two that wait the same one stays in front: the key needs no clock.
 */
public final class ShortestWithAgeing implements PolicyFn {

    @Override
    public List<Long> order(List<Sequence> waiting, double tokensPerSecond) {
        ReferenceUse.note("3.8 policy");
        Comparator<Sequence> key = Comparator.comparingDouble(s -> key(s, tokensPerSecond));
        return waiting.stream()
                .sorted(key.thenComparingLong(Sequence::admission).thenComparingLong(Sequence::id))
                .map(Sequence::id)
                .toList();
    }

    private static double key(Sequence s, double tokensPerSecond) {
        boolean ranBefore = s.admission() >= 0;
        return ranBefore ? Double.NEGATIVE_INFINITY : s.promptTokens() + tokensPerSecond * s.arrived();
    }
}
