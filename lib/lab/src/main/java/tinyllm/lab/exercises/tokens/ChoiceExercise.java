package tinyllm.lab.exercises.tokens;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.sampling.Choice;
import tinyllm.sampling.ChoiceFn;

/** Exercise "0.2 sample": one token out of a distribution. */
public final class ChoiceExercise {

    private static final double JUST_BELOW_ONE = Math.nextDown(1.0);

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Wheel(SortedMap<Integer, Double> probabilities, double[] us) {}

    public static final Exercise<ChoiceFn> SAMPLE = Exercise.of("0.2 sample", ChoiceFn.class)
            .title("One token out of a distribution")
            .reference(Choice::new)
            .hint("Lay the tokens side by side on a line from 0 to 1, each as long as its probability. Whose piece"
                    + " holds u?")
            .hint("Add up the probabilities in the map's order; the first token at which the sum is above u is it.")
            .hint("for (var entry : probabilities.entrySet()) { sum += entry.getValue(); if (u < sum) return"
                    + " entry.getKey(); } and after the loop the last token with a probability above 0: rounding"
                    + " may leave the sum below 1.")
            .check(situation("four tokens, twenty numbers", seed -> new Wheel(drawn(seed, 4), sweep(20))))
            .check(situation("ten tokens, fifty numbers", seed -> new Wheel(drawn(seed, 10), sweep(50))))
            .check(situation("one token alone", seed -> new Wheel(of(5, 1.0), sweep(5))))
            .check(situation(
                    "a token of probability 0 in front", seed -> new Wheel(of(2, 0.0, 4, 0.5, 6, 0.5), sweep(8))))
            .check(situation("a number right on a border", seed -> new Wheel(of(3, 0.25, 7, 0.5, 9, 0.25), sweep(4))))
            .check(situation(
                    "probabilities that round to a little less than 1",
                    seed -> new Wheel(of(1, 0.3, 2, 0.69999, 8, 0.0), new double[] {0.1, 0.5, JUST_BELOW_ONE})))
            .mistake(
                    "always the most likely",
                    "Always the most likely token came, whatever u is: that is greedy choice. u decides.",
                    () -> (p, u) -> p.entrySet().stream()
                            .max(Map.Entry.comparingByValue())
                            .orElseThrow()
                            .getKey())
            .mistake(
                    "all equally likely",
                    "All tokens came equally often: the probabilities were not used.",
                    () -> (p, u) -> new ArrayList<>(p.keySet()).get((int) (u * p.size())))
            .mistake(
                    "a border belongs to the left",
                    "With u right on a border the token before it came, and with u = 0 even one of probability 0:"
                            + " compare u < sum, not u <= sum.",
                    () -> new Steps() {
                        @Override
                        boolean here(double u, double sum, double p) {
                            return u <= sum;
                        }
                    })
            .mistake(
                    "compared with the single probability",
                    "u was compared with each probability by itself. Compare it with the sum so far.",
                    () -> new Steps() {
                        @Override
                        boolean here(double u, double sum, double p) {
                            return u < p;
                        }
                    })
            .mistake(
                    "compared before it is added",
                    "Each token got the share of the one before it: add its probability to the sum first, then"
                            + " compare.",
                    () -> new Steps() {
                        @Override
                        boolean here(double u, double sum, double p) {
                            return u < sum - p;
                        }
                    })
            .mistake(
                    "the place instead of the token",
                    "The place in the list was returned, 0, 1, 2 …; the token is the entry's key.",
                    () -> (p, u) -> new ArrayList<>(p.keySet()).indexOf(new Steps().choose(p, u)))
            .mistake(
                    "from the other end",
                    "The tokens were laid out from the largest to the smallest; the map's own order is the rising one.",
                    () -> (p, u) -> new Steps().choose(p.reversed(), u))
            .mistake(
                    "likeliest first",
                    "The tokens were laid out by falling probability. That gives the same shares, but not the same"
                            + " token for one u: take the map's own order.",
                    () -> ChoiceExercise::byProbability)
            .mistake(
                    "rounding not thought of",
                    "The probabilities summed to a little less than 1 and u was above that, so the loop ended without"
                            + " a token. Keep the last one that has a probability.",
                    () -> new Steps() {
                        @Override
                        int atTheEnd(int last) {
                            return -1;
                        }
                    })
            .mistake(
                    "the last one, even at 0",
                    "A token of probability 0 came at the end. Keep the last one whose probability is above 0.",
                    () -> new Steps() {
                        @Override
                        boolean counts(double p) {
                            return true;
                        }
                    })
            .build();

    private ChoiceExercise() {}

    private static Case<ChoiceFn> situation(String name, LongFunction<Wheel> wheel) {
        return Case.of(name, wheel, (answer, in) -> {
            List<Integer> chosen = new ArrayList<>();
            for (double u : in.us()) {
                chosen.add(answer.choose(new TreeMap<>(in.probabilities()), u));
            }
            return chosen;
        });
    }

    private static SortedMap<Integer, Double> drawn(long seed, int count) {
        Draw draw = new Draw(seed);
        SortedMap<Integer, Double> weights = new TreeMap<>();
        while (weights.size() < count) {
            weights.put(draw.between(10, 999), (double) draw.between(1, 40));
        }
        double total = weights.values().stream().mapToDouble(w -> w).sum();
        weights.replaceAll((token, weight) -> weight / total);
        return weights;
    }

    private static SortedMap<Integer, Double> of(Object... tokensAndProbabilities) {
        SortedMap<Integer, Double> map = new TreeMap<>();
        for (int i = 0; i < tokensAndProbabilities.length; i += 2) {
            map.put((Integer) tokensAndProbabilities[i], (Double) tokensAndProbabilities[i + 1]);
        }
        return map;
    }

    private static double[] sweep(int count) {
        double[] us = new double[count];
        for (int i = 0; i < count; i++) {
            us[i] = (double) i / count;
        }
        return us;
    }

    private static int byProbability(SortedMap<Integer, Double> p, double u) {
        double sum = 0;
        int last = -1;
        List<Map.Entry<Integer, Double>> entries = new ArrayList<>(p.entrySet());
        entries.sort(Map.Entry.comparingByValue(Comparator.reverseOrder()));
        for (Map.Entry<Integer, Double> entry : entries) {
            sum += entry.getValue();
            last = entry.getValue() > 0 ? entry.getKey() : last;
            if (u < sum) {
                return entry.getKey();
            }
        }
        return last;
    }

    /** The right way in steps, of which each mistake replaces one. */
    private static class Steps implements ChoiceFn {

        boolean here(double u, double sum, double p) {
            return u < sum;
        }

        boolean counts(double p) {
            return p > 0;
        }

        int atTheEnd(int last) {
            return last;
        }

        @Override
        public int choose(SortedMap<Integer, Double> probabilities, double u) {
            double sum = 0;
            int last = -1;
            for (Map.Entry<Integer, Double> entry : probabilities.entrySet()) {
                sum += entry.getValue();
                if (here(u, sum, entry.getValue())) {
                    return entry.getKey();
                }
                last = counts(entry.getValue()) ? entry.getKey() : last;
            }
            return atTheEnd(last);
        }
    }
}
