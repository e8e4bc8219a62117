package tinyllm.lab.exercises.tokens;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongFunction;
import tinyllm.course.ReferenceUse;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.text.Bigram;
import tinyllm.text.BigramFn;

/** Exercise "0.2 bigram": count which token follows which, and predict the next one. */
public final class BigramExercise {

    private record Asked(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {}

    public static final Exercise<BigramFn> BIGRAM = Exercise.of("0.2 bigram", BigramFn.class)
            .title("The smallest language model: count and predict")
            .reference(Bigram::new)
            .hint("count: every token but the last has a follower. predict: of all that followed this token, which"
                    + " share was it?")
            .hint("counts.computeIfAbsent(tokens[i], token -> new TreeMap<>()) is the row of a token;"
                    + " row.merge(next, 1, Integer::sum) counts.")
            .hint("predict: the row may be missing, then the answer is an empty map. Else sum the row's values, and"
                    + " put(next, n / total) for each, with total a double.")
            .check(count("a text of five words", seed -> new Draw(seed).ids(40, 5)))
            .check(count("a text of many words", seed -> new Draw(seed).ids(60, 40)))
            .check(count("one word again and again", seed -> new int[] {6, 6, 6, 6}))
            .check(count("two tokens", seed -> new int[] {3, 1}))
            .check(count("one token: nothing follows", seed -> new int[] {4}))
            .check(predict("after a frequent token", seed -> asked(seed, 0)))
            .check(predict("after another one", seed -> asked(seed, 3)))
            .check(predict("after a token that only ever ended the text", seed -> new Asked(table(1, 2, 1, 9), 9)))
            .check(predict("after a token that was never seen", seed -> asked(seed, 77)))
            .check(predict("after a token with one follower", seed -> new Asked(table(5, 8, 5, 8, 5), 5)))
            .mistake(
                    "not summed",
                    "A pair that stands there twice was counted once: put replaces the count; merge(next, 1,"
                            + " Integer::sum) adds.",
                    () -> new Steps() {
                        @Override
                        void note(SortedMap<Integer, Integer> row, int next) {
                            row.put(next, 1);
                        }
                    })
            .mistake(
                    "before instead of after",
                    "The table says which token came before, not after: the row is tokens[i], the follower tokens[i +"
                            + " 1].",
                    () -> new Steps() {
                        @Override
                        int row(int[] tokens, int i) {
                            return tokens[i + 1];
                        }

                        @Override
                        int follower(int[] tokens, int i) {
                            return tokens[i];
                        }
                    })
            .mistake(
                    "every second pair",
                    "Only every second pair was counted. The pairs overlap: each token is one pair's end and the next"
                            + " one's start.",
                    () -> new Steps() {
                        @Override
                        int step() {
                            return 2;
                        }
                    })
            .mistake(
                    "the last pair missing",
                    "The last pair of the text was not counted: i runs while i + 1 < tokens.length.",
                    () -> new Steps() {
                        @Override
                        int end(int length) {
                            return length - 2;
                        }
                    })
            .mistake(
                    "the end joined to the beginning",
                    "The first token was counted as a follower of the last one. After the last token the text ends.",
                    () -> new Steps() {
                        @Override
                        int end(int length) {
                            return length;
                        }

                        @Override
                        int follower(int[] tokens, int i) {
                            return tokens[(i + 1) % tokens.length];
                        }
                    })
            .mistake(
                    "the loop runs to the end",
                    "The loop asks for the token after the last one, which is not there: the last token has no follower, so i"
                            + " runs while i + 1 < tokens.length.",
                    () -> new Steps() {
                        @Override
                        int end(int length) {
                            return length;
                        }
                    })
            .mistake(
                    "no row for a token without a follower",
                    "A token that nothing followed has no row, and get gives null for it: counts.getOrDefault(last, new"
                            + " TreeMap<>()) is an empty row.",
                    () -> new Steps() {
                        @Override
                        @SuppressWarnings("NullAway") // which is the mistake
                        SortedMap<Integer, Integer> followers(
                                SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
                            return counts.get(last);
                        }
                    })
            .mistake(
                    "counts instead of probabilities",
                    "These are counts, not probabilities: divide each by the sum of its row.",
                    () -> new Steps() {
                        @Override
                        double total(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
                            return 1;
                        }
                    })
            .mistake(
                    "divided by all pairs",
                    "The counts were divided by the number of all pairs in the text. The question is what follows this"
                            + " token, so divide by the sum of its own row.",
                    () -> new Steps() {
                        @Override
                        double total(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
                            return counts.values().stream()
                                    .mapToDouble(Steps::sum)
                                    .sum();
                        }
                    })
            .mistake(
                    "divided by the number of followers",
                    "The counts were divided by how many different tokens followed. Divide by how often one followed:"
                            + " the sum of the row's counts.",
                    () -> new Steps() {
                        @Override
                        double total(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
                            return counts.getOrDefault(last, new TreeMap<>()).size();
                        }
                    })
            .mistake(
                    "divided as integers",
                    "All probabilities below 1 became 0: an int divided by an int is an int. Make the total a double.",
                    () -> new Steps() {
                        @Override
                        @SuppressWarnings("NarrowCalculation") // which is the mistake
                        double share(int n, double total) {
                            return n / (int) total;
                        }
                    })
            .mistake(
                    "one added to every count",
                    "One was added to every count. That is smoothing, a trick of its own; here the shares of what was"
                            + " seen are asked for.",
                    () -> new Steps() {
                        @Override
                        double share(int n, double total) {
                            return (n + 1) / total;
                        }
                    })
            .mistake(
                    "an unknown row is not thought of",
                    "After some tokens nothing was ever seen, and then there is no row: return an empty map, get(last)"
                            + " is null.",
                    () -> new Steps() {
                        @Override
                        SortedMap<Integer, Integer> followers(
                                SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
                            return counts.getOrDefault(last, new TreeMap<>(java.util.Map.of(last, 1)));
                        }

                        @Override
                        double total(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
                            return sum(followers(counts, last));
                        }
                    })
            .build();

    private BigramExercise() {}

    private static Case<BigramFn> count(String name, LongFunction<int[]> tokens) {
        return Case.of("count: " + name, tokens, BigramFn::count);
    }

    private static Case<BigramFn> predict(String name, LongFunction<Asked> asked) {
        return Case.of("predict: " + name, asked, (answer, in) -> answer.predict(in.counts(), in.last()));
    }

    private static Asked asked(long seed, int last) {
        return new Asked(table(new Draw(seed).ids(200, 6)), last);
    }

    private static SortedMap<Integer, SortedMap<Integer, Integer>> table(int... tokens) {
        return ReferenceUse.unrecorded(() -> new Bigram().count(tokens));
    }

    /** The right way in steps, of which each mistake replaces one. */
    private static class Steps implements BigramFn {

        int row(int[] tokens, int i) {
            return tokens[i];
        }

        int follower(int[] tokens, int i) {
            return tokens[i + 1];
        }

        int step() {
            return 1;
        }

        int end(int length) {
            return length - 1;
        }

        void note(SortedMap<Integer, Integer> row, int next) {
            row.merge(next, 1, Integer::sum);
        }

        SortedMap<Integer, Integer> followers(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
            return counts.getOrDefault(last, new TreeMap<>());
        }

        double total(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
            return sum(followers(counts, last));
        }

        double share(int n, double total) {
            return n / total;
        }

        static double sum(SortedMap<Integer, Integer> row) {
            return row.values().stream().mapToInt(n -> n).sum();
        }

        @Override
        public SortedMap<Integer, SortedMap<Integer, Integer>> count(int[] tokens) {
            SortedMap<Integer, SortedMap<Integer, Integer>> counts = new TreeMap<>();
            for (int i = 0; i < end(tokens.length); i += step()) {
                note(counts.computeIfAbsent(row(tokens, i), token -> new TreeMap<>()), follower(tokens, i));
            }
            return counts;
        }

        @Override
        public SortedMap<Integer, Double> predict(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
            SortedMap<Integer, Double> probabilities = new TreeMap<>();
            double total = total(counts, last);
            followers(counts, last).forEach((next, n) -> probabilities.put(next, share(n, total)));
            return probabilities;
        }
    }
}
