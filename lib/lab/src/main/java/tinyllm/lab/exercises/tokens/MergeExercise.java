package tinyllm.lab.exercises.tokens;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.text.LearnedMerges;
import tinyllm.text.MergeFn;
import tinyllm.text.MergeLoop;
import tinyllm.text.Merges;

/** Exercise "0.2 merge": the loop of byte-level BPE. */
public final class MergeExercise {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Piece(int[] symbols, Merges merges) {}

    /** A table written down pair by pair, lowest rank first. */
    private static final class Written implements Merges {
        private final Map<Long, Integer> ranks = new LinkedHashMap<>();
        private final int first;

        Written(int first, int[]... pairs) {
            this.first = first;
            for (int[] pair : pairs) {
                ranks.put(key(pair[0], pair[1]), ranks.size());
            }
        }

        private static long key(int left, int right) {
            return ((long) left << 32) | (right & 0xFFFF_FFFFL);
        }

        @Override
        public int rank(int left, int right) {
            return ranks.getOrDefault(key(left, right), NEVER);
        }

        @Override
        public int result(int left, int right) {
            int rank = rank(left, right);
            if (rank == NEVER) {
                throw new IllegalArgumentException("the tokens " + left + " and " + right
                        + " never merge: ask rank(left, right) first, and merge only where it is below Merges.NEVER");
            }
            return first + rank;
        }
    }

    private static final String COURSE =
            "the model reads the text and the model writes the next token of the text, then the next; attention"
                    + " attends to tokens, tokens attend to tokens, and all the while the weights stay as they are. ";

    public static final Exercise<MergeFn> MERGE = Exercise.of("0.2 merge", MergeFn.class)
            .title("Bytes merge into tokens")
            .reference(MergeLoop::new)
            .hint("Again and again: look at every pair of neighbours, take the one with the lowest rank, put"
                    + " merges.result in its place. When no pair has a rank below Merges.NEVER, you are done.")
            .hint("Search: best = -1, lowest = Merges.NEVER; for i from 0 while i + 1 < length: a rank below lowest"
                    + " is the new best. With \"below\", and not \"below or equal\", the leftmost of equal ranks"
                    + " wins.")
            .hint("Merge: List<Integer> is handy. list.set(best, merges.result(list.get(best), list.get(best + 1)));"
                    + " list.remove(best + 1). At the end: list.stream().mapToInt(i -> i).toArray().")
            .check(situation("a word of the language", seed -> word(seed, 60, 12)))
            .check(situation("a long piece", seed -> word(seed, 60, 60)))
            .check(situation("few merges", seed -> word(seed, 4, 30)))
            .check(situation("no pair merges", seed -> new Piece(shuffled(seed, 7), new Written(300))))
            .check(situation("two bytes, one merge", seed -> new Piece(new int[] {1, 2}, written())))
            .check(situation("the right pair has the lower rank", seed -> new Piece(new int[] {1, 2, 3}, written())))
            .check(situation("only the last pair merges", seed -> new Piece(new int[] {3, 3, 1, 2}, written())))
            .check(situation("a row of one letter", seed -> row(seed)))
            .check(situation("one byte", seed -> new Piece(new int[] {new Draw(seed).between(0, 255)}, written())))
            .check(situation("nothing at all", seed -> new Piece(new int[0], written())))
            .check(situation(
                    "a byte without a token (-1)", seed -> new Piece(new int[] {1, 2, -1, 2, 3, 4}, written())))
            .mistake(
                    "the first pair that can",
                    "The first pair that can merge was merged. The one with the lowest rank goes first, wherever it"
                            + " stands: it was learnt first.",
                    () -> new Steps() {
                        @Override
                        boolean better(int rank, int lowest) {
                            return lowest == Merges.NEVER && rank != Merges.NEVER;
                        }
                    })
            .mistake(
                    "the highest rank",
                    "The pair with the highest rank was merged first. Rank 0 was learnt first, so the lowest goes"
                            + " first.",
                    () -> new Steps() {
                        @Override
                        boolean better(int rank, int lowest) {
                            return rank != Merges.NEVER && (lowest == Merges.NEVER || rank > lowest);
                        }
                    })
            .mistake(
                    "the rightmost of equals",
                    "Among pairs of one rank the rightmost was merged. The leftmost goes first: compare with <, not"
                            + " with <=.",
                    () -> new Steps() {
                        @Override
                        boolean better(int rank, int lowest) {
                            return rank != Merges.NEVER && rank <= lowest;
                        }
                    })
            .mistake(
                    "one merge only",
                    "After one merge the loop ended. The new token may merge too: look again until no pair has a rank.",
                    () -> new Steps() {
                        @Override
                        int rounds() {
                            return 1;
                        }
                    })
            .mistake(
                    "the last pair never seen",
                    "The last pair was never looked at: pairs begin at 0 … length - 2, so the loop says i + 1 <"
                            + " length.",
                    () -> new Steps() {
                        @Override
                        int pairs(int length) {
                            return length - 2;
                        }
                    })
            .mistake(
                    "the right one stays",
                    "The right one of the two is still there after the merge: two symbols become one, so the list gets"
                            + " shorter.",
                    () -> new Steps() {
                        @Override
                        int[] replace(int[] now, int best, int result) {
                            int[] out = now.clone();
                            out[best] = result;
                            return out;
                        }

                        @Override
                        int rounds() {
                            return 1_000;
                        }
                    })
            .mistake(
                    "the rank as the token",
                    "The rank was put in the pair's place. It only says which pair goes first; the token is"
                            + " merges.result(left, right).",
                    () -> new Steps() {
                        @Override
                        int result(int left, int right, Merges merges) {
                            return merges.rank(left, right);
                        }

                        @Override
                        int rounds() {
                            return 1_000;
                        }
                    })
            .mistake(
                    "left and right swapped",
                    "The pair was looked up the wrong way round: \"t\" before \"h\" is rank(t, h).",
                    () -> new Steps() {
                        @Override
                        int rank(int left, int right, Merges merges) {
                            return merges.rank(right, left);
                        }

                        @Override
                        int result(int left, int right, Merges merges) {
                            return merges.result(right, left);
                        }
                    })
            .mistake(
                    "one sweep",
                    "One sweep from left to right is not enough: a merge makes new pairs, and a better one may stand"
                            + " further right.",
                    () -> (symbols, merges) -> sweep(symbols, merges))
            .mistake(
                    "bytes without a token dropped",
                    "The -1, a byte that has no token, was left out, and its neighbours merged. It stays and keeps"
                            + " them apart.",
                    () -> (symbols, merges) -> new Steps()
                            .merge(Arrays.stream(symbols).filter(s -> s >= 0).toArray(), merges))
            .build();

    private MergeExercise() {}

    private static Case<MergeFn> situation(String name, LongFunction<Piece> piece) {
        return Case.of(name, piece, (answer, in) -> answer.merge(in.symbols(), in.merges()));
    }

    /** Ranks: 2 3 before 1 2 before 3 4; then a pair with the first one's result. */
    private static Merges written() {
        return new Written(300, new int[] {2, 3}, new int[] {1, 2}, new int[] {3, 4}, new int[] {1, 300});
    }

    /** Letters of a text's words in disorder, with merges learnt from that text. */
    private static Piece word(long seed, int merges, int length) {
        Draw draw = new Draw(seed);
        LearnedMerges learned = LearnedMerges.learn(COURSE, merges);
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            int from = draw.between(0, COURSE.length() - 10);
            text.append(COURSE, from, from + draw.between(2, 9));
        }
        return new Piece(LearnedMerges.symbols(text.substring(0, length)), learned);
    }

    /** An odd number of one letter, of which two merge, and two of these. */
    private static Piece row(long seed) {
        int length = 2 * new Draw(seed).between(2, 6) + 1;
        Merges merges = new Written(300, new int[] {7, 7}, new int[] {300, 300});
        return new Piece(IntStream.range(0, length).map(i -> 7).toArray(), merges);
    }

    private static int[] shuffled(long seed, int length) {
        return new Draw(seed).ids(length, 200);
    }

    private static int[] sweep(int[] symbols, Merges merges) {
        int[] out = new int[symbols.length];
        int length = 0;
        for (int symbol : symbols) {
            boolean joins = length > 0 && merges.rank(out[length - 1], symbol) != Merges.NEVER;
            if (joins) {
                out[length - 1] = merges.result(out[length - 1], symbol);
            } else {
                out[length++] = symbol;
            }
        }
        return Arrays.copyOf(out, length);
    }

    /** The right loop in steps, of which each mistake replaces one. */
    private static class Steps implements MergeFn {

        boolean better(int rank, int lowest) {
            return rank < lowest;
        }

        int rank(int left, int right, Merges merges) {
            return merges.rank(left, right);
        }

        int result(int left, int right, Merges merges) {
            return merges.result(left, right);
        }

        int pairs(int length) {
            return length - 1;
        }

        int rounds() {
            return Integer.MAX_VALUE;
        }

        int[] replace(int[] now, int best, int result) {
            int[] out = new int[now.length - 1];
            System.arraycopy(now, 0, out, 0, best);
            out[best] = result;
            System.arraycopy(now, best + 2, out, best + 1, now.length - best - 2);
            return out;
        }

        @Override
        public int[] merge(int[] symbols, Merges merges) {
            int[] now = symbols.clone();
            for (int round = 0; round < rounds(); round++) {
                int best = best(now, merges);
                if (best < 0) {
                    break;
                }
                now = replace(now, best, result(now[best], now[best + 1], merges));
            }
            return now;
        }

        private int best(int[] now, Merges merges) {
            int best = -1;
            int lowest = Merges.NEVER;
            for (int i = 0; i < pairs(now.length); i++) {
                int rank = rank(now[i], now[i + 1], merges);
                if (better(rank, lowest)) {
                    lowest = rank;
                    best = i;
                }
            }
            return best;
        }
    }
}
