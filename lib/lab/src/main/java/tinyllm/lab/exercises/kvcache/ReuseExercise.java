package tinyllm.lab.exercises.kvcache;

import java.util.Arrays;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import tinyllm.engine.CommonPrefix;
import tinyllm.engine.ReuseFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "2.1 second turn". */
public final class ReuseExercise {

    private static final int VOCABULARY = 50;

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Texts(int[] known, int[] text) {}

    public static final Exercise<ReuseFn> SECOND_TURN = Exercise.of("2.1 second turn", ReuseFn.class)
            .title("What the next turn can keep")
            .reference(CommonPrefix::new)
            .hint(
                    "A token's key and value depend on it and on every token before it. So one difference spoils all that comes"
                            + " after it, and what is before stays right.")
            .hint("Count from the start while the two texts agree. Mind the ends: either may be the shorter one.")
            .hint("If the whole text is known, its last token still has to be read: the cache holds keys and values, no"
                    + " logits. Math.min(same, text.length - 1).")
            .check(texts("the text goes on", seed -> goesOn(new Draw(seed), 7, 4)))
            .check(texts("nothing is known yet", seed -> goesOn(new Draw(seed), 0, 5)))
            .check(texts("differs in the middle", seed -> differs(new Draw(seed), 9, 8, 4)))
            .check(texts("differs in the last known token", seed -> differs(new Draw(seed), 6, 9, 5)))
            .check(texts("differs at once", seed -> differs(new Draw(seed), 5, 6, 0)))
            .check(texts("differs, then agrees again", seed -> differs(new Draw(seed), 10, 10, 3)))
            .check(texts("the very same text", seed -> goesOn(new Draw(seed), 6, 0)))
            .check(texts("a shorter text", seed -> shorter(new Draw(seed), 8, 5)))
            .check(texts("one token, known", seed -> shorter(new Draw(seed), 4, 1)))
            .mistake(
                    "nothing is kept",
                    "Nothing is kept, so each turn reads the whole conversation again. What both texts begin with is in the"
                            + " cache already.",
                    () -> (known, text) -> 0)
            .mistake(
                    "everything is kept",
                    "All of the cache is kept, whatever the text says: tokens that are not in the text would be attended to.",
                    () -> (known, text) -> Math.min(known.length, text.length - 1))
            .mistake(
                    "no token left to read",
                    "When the whole text is known nothing is left to read, and there are no logits to choose from: read at"
                            + " least the last token again.",
                    () -> (known, text) -> same(known, text))
            .mistake(
                    "equal tokens anywhere",
                    "Equal tokens behind the first difference were counted. Their keys and values come from a text that was"
                            + " another one by then.",
                    () -> (known, text) -> Math.min(
                            (int) IntStream.range(0, Math.min(known.length, text.length))
                                    .filter(i -> known[i] == text[i])
                                    .count(),
                            text.length - 1))
            .mistake(
                    "the first difference too",
                    "The first token that differs was kept with the others: it is at place n when n tokens agree.",
                    () -> (known, text) -> Math.min(Math.min(same(known, text) + 1, known.length), text.length - 1))
            .mistake(
                    "one token short",
                    "One token less than agrees was kept; only when the whole text is known does the last token have to be"
                            + " read again.",
                    () -> (known, text) -> Math.max(Math.min(same(known, text), text.length - 1) - 1, 0))
            .mistake(
                    "all or nothing",
                    "It was all or nothing: one difference near the end threw the whole cache away. Keep what is before it.",
                    () -> (known, text) ->
                            same(known, text) == known.length ? Math.min(known.length, text.length - 1) : 0)
            .mistake(
                    "counts what is to read",
                    "The number of tokens that have to be read came back; asked for is the number that is kept.",
                    () -> (known, text) -> text.length - Math.min(same(known, text), text.length - 1))
            .build();

    private ReuseExercise() {}

    private static int same(int[] known, int[] text) {
        int most = Math.min(known.length, text.length);
        int same = 0;
        while (same < most && known[same] == text[same]) {
            same++;
        }
        return same;
    }

    private static Texts goesOn(Draw draw, int known, int more) {
        int[] text = draw.ids(known + more, VOCABULARY);
        return new Texts(Arrays.copyOf(text, known), text);
    }

    private static Texts shorter(Draw draw, int known, int length) {
        int[] text = draw.ids(known, VOCABULARY);
        return new Texts(text, Arrays.copyOf(text, length));
    }

    /** Two texts that differ at one place alone, as far as both go. */
    private static Texts differs(Draw draw, int known, int length, int place) {
        int[] all = draw.ids(Math.max(known, length), VOCABULARY);
        int[] other = Arrays.copyOf(all, length);
        other[place] = all[place] + 1;
        return new Texts(Arrays.copyOf(all, known), other);
    }

    private static Case<ReuseFn> texts(String name, LongFunction<Texts> texts) {
        return Case.of(
                name,
                texts,
                (answer, in) -> answer.keep(in.known().clone(), in.text().clone()));
    }
}
