package tinyllm.lab.exercises.kvcache;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import tinyllm.cache.HeavyHitters;
import tinyllm.cache.KeepFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercises "4.1 window" and "4.1 heavy": what a cache with a budget keeps. */
public final class KeepExercises {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Held(double[] received, int sinks, int heavy, int recent) {}

    public static final Exercise<KeepFn> WINDOW = Exercise.of("4.1 window", KeepFn.class)
            .title("A window with attention sinks")
            .reference(HeavyHitters::new)
            .hint(
                    "There are three kinds of places: the first sinks, the last recent, and what lies between, which goes.")
            .hint("The last ones begin at received.length - recent. heavy is 0 in this exercise.")
            .hint("A short text has no middle: with sinks + recent tokens or fewer all of them stay, each once.")
            .check(keeping("2 first, 3 last of 10", seed -> new Held(received(seed, 10), 2, 0, 3)))
            .check(keeping("no sinks", seed -> new Held(received(seed, 7), 0, 0, 4)))
            .check(keeping("fewer than the budget", seed -> new Held(received(seed, 4), 3, 0, 5)))
            .check(keeping("as many as the budget", seed -> new Held(received(seed, 6), 2, 0, 4)))
            .check(keeping("one too many", seed -> new Held(received(seed, 7), 2, 0, 4)))
            .check(keeping("a long text", seed -> new Held(received(seed, 90), 4, 0, 20)))
            .mistake(
                    "no sinks",
                    "The first tokens are gone. Heads give them what they need nowhere else: without them the text falls apart.",
                    () -> (r, s, h, n) -> tail(r.length, Math.min(r.length, s + n)))
            .mistake(
                    "the first ones alone",
                    "Only the beginning stays: the newest tokens are what a text goes on from.",
                    () -> (r, s, h, n) ->
                            IntStream.range(0, Math.min(r.length, s + n)).toArray())
            .mistake(
                    "everything",
                    "Nothing was forgotten: the cache grows without end.",
                    () -> (r, s, h, n) -> IntStream.range(0, r.length).toArray())
            .mistake(
                    "twice",
                    "In a short text first and last tokens are the same ones: each place once.",
                    () -> (r, s, h, n) -> IntStream.concat(
                                    IntStream.range(0, Math.min(s, r.length)),
                                    IntStream.range(Math.max(0, r.length - n), r.length))
                            .toArray())
            .mistake(
                    "one place late",
                    "The last tokens begin one place too late: received.length - recent is the first of them.",
                    () -> (r, s, h, n) -> r.length <= s + n
                            ? IntStream.range(0, r.length).toArray()
                            : IntStream.concat(IntStream.range(0, s), IntStream.range(r.length - n + 1, r.length))
                                    .toArray())
            .mistake(
                    "one place early",
                    "One token too many stays: the last ones begin at received.length - recent.",
                    () -> (r, s, h, n) -> new HeavyHitters().keep(r, s, 0, n + 1))
            .mistake(
                    "the newest is missing",
                    "The newest token is gone, the one that the next looks at most: the last recent ones end at received.length.",
                    () -> (r, s, h, n) -> r.length <= s + n
                            ? IntStream.range(0, r.length).toArray()
                            : IntStream.concat(IntStream.range(0, s), IntStream.range(r.length - n - 1, r.length - 1))
                                    .toArray())
            .mistake(
                    "newest first",
                    "The places fall: keys have to stay in the order of the text, so return them rising.",
                    () -> (r, s, h, n) -> IntStream.of(new HeavyHitters().keep(r, s, 0, n))
                            .boxed()
                            .sorted(Comparator.reverseOrder())
                            .mapToInt(i -> i)
                            .toArray())
            .build();

    public static final Exercise<KeepFn> HEAVY = Exercise.of("4.1 heavy", KeepFn.class)
            .title("Those who were looked at stay")
            .reference(HeavyHitters::new)
            .hint("The budget has three parts now. First and last ones are as before; between them heavy places stay.")
            .hint(
                    "Sort the places from sinks to received.length - recent by what they received, take heavy of them, and bring"
                            + " those back into the order of the text.")
            .hint("Of two that received the same the later stays, so compare the places next. Sort places, not numbers:"
                    + " IntStream.range(sinks, last).boxed().sorted(…).limit(heavy).")
            .check(keeping("1 first, 3 heavy, 2 last of 12", seed -> new Held(received(seed, 12), 1, 3, 2)))
            .check(keeping("the last ones received most", KeepExercises::rising))
            .check(keeping("the first ones received most", KeepExercises::falling))
            .check(keeping("some of them equal", seed -> new Held(coarse(seed, 30), 2, 9, 4)))
            .check(keeping("one more than the budget", seed -> new Held(received(seed, 10), 2, 3, 4)))
            .check(keeping("equal ones: the later stay", seed -> new Held(new double[9], 1, 3, 2)))
            .check(keeping("no sinks", seed -> new Held(received(seed, 11), 0, 4, 3)))
            .check(keeping("no heavy ones", seed -> new Held(received(seed, 9), 2, 0, 3)))
            .check(keeping("fewer than the budget", seed -> new Held(received(seed, 6), 2, 3, 4)))
            .mistake(
                    "the window of before",
                    "No token between the first and the last stays: heavy of them have to, those that received most.",
                    () -> (r, s, h, n) -> new HeavyHitters().keep(r, s, 0, n))
            .mistake(
                    "a longer window",
                    "Instead of the heavy tokens just more of the last ones stay, whatever they received.",
                    () -> (r, s, h, n) -> new HeavyHitters().keep(r, s, 0, h + n))
            .mistake(
                    "the lightest",
                    "Those stay that received least: sort falling.",
                    () -> (r, s, h, n) -> new HeavyHitters()
                            .keep(Arrays.stream(r).map(x -> -x).toArray(), s, h, n))
            .mistake(
                    "heaviest of all",
                    "The heavy ones were chosen among all tokens, so that first and last ones used up their places.",
                    () -> (r, s, h, n) -> all(r, s, h, n))
            .mistake(
                    "by weight, not by place",
                    "The heavy tokens stand in the order of their weight: put them back into the order of the text.",
                    () -> (r, s, h, n) -> unsorted(r, s, h, n))
            .mistake(
                    "no sinks",
                    "The first tokens stayed only where they received much: sinks of them stay in any case.",
                    () -> (r, s, h, n) -> new HeavyHitters().keep(r, 0, s + h, n))
            .mistake(
                    "the last ones are not safe",
                    "The last tokens stayed only where they received much. They are new and have received little yet: recent of them"
                            + " stay in any case.",
                    () -> (r, s, h, n) -> new HeavyHitters().keep(r, s, h + n, 0))
            .mistake(
                    "the earlier of equal ones",
                    "Of tokens that received the same the earlier stayed; the later one was seen for a shorter time, so it is worth"
                            + " more.",
                    () -> (r, s, h, n) -> earlier(r, s, h, n))
            .build();

    private KeepExercises() {}

    private static double[] received(long seed, int tokens) {
        float[] drawn = new Draw(seed).normal(tokens).toFloats();
        return IntStream.range(0, tokens).mapToDouble(i -> Math.abs(drawn[i])).toArray();
    }

    /** Whole numbers from 0 to 3. */
    private static double[] coarse(long seed, int tokens) {
        return Arrays.stream(new Draw(seed).ids(tokens, 4)).asDoubleStream().toArray();
    }

    private static Held rising(long seed) {
        return new Held(IntStream.range(0, 10).mapToDouble(i -> i + seed % 3).toArray(), 1, 3, 2);
    }

    private static Held falling(long seed) {
        return new Held(
                IntStream.range(0, 10).mapToDouble(i -> 20 - i + seed % 3).toArray(), 2, 3, 2);
    }

    private static int[] tail(int length, int count) {
        return IntStream.range(length - count, length).toArray();
    }

    private static int[] all(double[] r, int s, int h, int n) {
        int last = Math.max(0, r.length - n);
        IntStream heavy = ordered(r, 0, r.length).stream().limit(h).mapToInt(i -> i);
        IntStream ends = IntStream.range(0, r.length).filter(i -> i < s || i >= last);
        return IntStream.concat(heavy, ends).distinct().sorted().toArray();
    }

    private static int[] unsorted(double[] r, int s, int h, int n) {
        if (r.length <= s + h + n) {
            return IntStream.range(0, r.length).toArray();
        }
        IntStream heavy = ordered(r, s, r.length - n).stream().limit(h).mapToInt(i -> i);
        return IntStream.concat(IntStream.concat(IntStream.range(0, s), heavy), IntStream.range(r.length - n, r.length))
                .toArray();
    }

    private static int[] earlier(double[] r, int s, int h, int n) {
        if (r.length <= s + h + n) {
            return IntStream.range(0, r.length).toArray();
        }
        IntStream heavy = IntStream.range(s, r.length - n)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> -r[i]))
                .limit(h)
                .mapToInt(i -> i)
                .sorted();
        return IntStream.concat(IntStream.concat(IntStream.range(0, s), heavy), IntStream.range(r.length - n, r.length))
                .toArray();
    }

    /** Places from the heaviest on. */
    private static List<Integer> ordered(double[] r, int from, int to) {
        return IntStream.range(from, to)
                .boxed()
                .sorted((a, b) -> r[a] == r[b] ? b - a : Double.compare(r[b], r[a]))
                .toList();
    }

    private static Case<KeepFn> keeping(String name, LongFunction<Held> inputs) {
        return Case.of(
                name, inputs, (answer, in) -> answer.keep(in.received().clone(), in.sinks(), in.heavy(), in.recent()));
    }
}
