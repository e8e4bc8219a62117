package tinyllm.text;

import java.util.SortedMap;
import java.util.TreeMap;
import tinyllm.course.ReferenceUse;

/** Counts pairs of neighbours, and shares out what followed. */
public final class Bigram implements BigramFn {

    @Override
    public SortedMap<Integer, SortedMap<Integer, Integer>> count(int[] tokens) {
        ReferenceUse.note("0.2 bigram");
        SortedMap<Integer, SortedMap<Integer, Integer>> counts = new TreeMap<>();
        for (int i = 0; i + 1 < tokens.length; i++) {
            counts.computeIfAbsent(tokens[i], token -> new TreeMap<>()).merge(tokens[i + 1], 1, Integer::sum);
        }
        return counts;
    }

    @Override
    public SortedMap<Integer, Double> predict(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
        ReferenceUse.note("0.2 bigram");
        SortedMap<Integer, Integer> followers = counts.getOrDefault(last, new TreeMap<>());
        double total = followers.values().stream().mapToInt(n -> n).sum();
        SortedMap<Integer, Double> probabilities = new TreeMap<>();
        followers.forEach((next, n) -> probabilities.put(next, n / total));
        return probabilities;
    }
}
