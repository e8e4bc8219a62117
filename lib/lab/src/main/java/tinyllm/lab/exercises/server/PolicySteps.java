package tinyllm.lab.exercises.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tinyllm.engine.PolicyFn;
import tinyllm.engine.Sequence;

/** A policy in small parts, so that a wrong answer differs from the right one in one of them. */
class PolicySteps implements PolicyFn {

    /** Who goes first of those that did not run yet. */
    double key(Sequence s, double tokensPerSecond) {
        return s.promptTokens() + tokensPerSecond * s.arrived();
    }

    /** Of equal keys. */
    Comparator<Sequence> ties() {
        return Comparator.comparingLong(Sequence::id);
    }

    /** Those that ran before go in front of all others when this is smaller. */
    int group(Sequence s) {
        return s.admission() >= 0 ? 0 : 1;
    }

    /** Among those that ran before. */
    Comparator<Sequence> former() {
        return Comparator.comparingLong(Sequence::admission);
    }

    @Override
    public final List<Long> order(List<Sequence> waiting, double tokensPerSecond) {
        List<Sequence> line = new ArrayList<>(waiting);
        line.sort(Comparator.comparingInt(this::group)
                .thenComparing((a, b) -> group(a) == 0 ? former().compare(a, b) : fresh(a, b, tokensPerSecond)));
        return line.stream().map(Sequence::id).toList();
    }

    private int fresh(Sequence a, Sequence b, double tokensPerSecond) {
        int byKey = Double.compare(key(a, tokensPerSecond), key(b, tokensPerSecond));
        return byKey != 0 ? byKey : ties().compare(a, b);
    }
}
