package tinyllm.lab.exercises.sampling;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.sampling.grammar.Derivative;
import tinyllm.sampling.grammar.DerivativeAutomaton;
import tinyllm.sampling.grammar.DerivativeFn;
import tinyllm.sampling.grammar.Expr;

/** Exercise "4.3 derivative": an answer's automaton reads texts, and what it says behind each byte is compared. */
public final class DerivativeExercise {

    private static final Expr A = Expr.text("a");
    private static final Expr B = Expr.text("b");
    private static final Expr LETTER = Expr.range('a', 'z');
    private static final Expr QUOTE = Expr.text("\"");
    private static final Expr NUMBER =
            Expr.choice(Expr.text("0"), Expr.seq(Expr.range('1', '9'), Expr.many(Expr.range('0', '9'))));
    private static final Expr STRING = Expr.seq(
            QUOTE,
            Expr.many(
                    Expr.choice(LETTER, Expr.text("é"), Expr.seq(Expr.text("\\"), Expr.choice(QUOTE, Expr.text("n"))))),
            QUOTE);
    private static final Expr OBJECT = Expr.seq(
            Expr.text("{\"n\":"),
            Expr.optional(Expr.text(" ")),
            NUMBER,
            Expr.optional(Expr.seq(Expr.text(",\"t\":"), STRING)),
            Expr.text("}"));

    public static final Exercise<DerivativeFn> DERIVATIVE = Exercise.of("4.3 derivative", DerivativeFn.class)
            .title("What may still come after a byte")
            .reference(Derivative::new)
            .hint(
                    "Ask of each kind: once this byte is read, what is left to be read? Of one byte out of a set: nothing more, EMPTY, if it"
                            + " is in the set; and NOTHING if it is not.")
            .hint(
                    "A sequence: the byte belongs to its head, so what is left of the head and then the tail. If the head may be empty, it"
                            + " may also belong to the tail: anyOf both. A choice: anyOf what each option leaves.")
            .hint(
                    "A repetition: what is left of one round, then times(body, min - 1, max - 1), where min stays at 0 and UNBOUNDED stays"
                            + " UNBOUNDED. It may end when min is 0, or when its body may.")
            .check(reads("one byte out of a set", Expr.range('b', 'd'), "b", "d", "a", "bb", ""))
            .check(reads("one after the other", Expr.text("abc"), "abc", "ab", "abcd", "b"))
            .check(reads(
                    "a choice with a common beginning",
                    words("cat", "car", "dog", "do"),
                    "car",
                    "dog",
                    "do",
                    "cat",
                    "da"))
            .check(reads("as often as you like", Expr.many(A), "", "a", "aaaa", "ab"))
            .check(reads("twice to four times", Expr.times(LETTER, 2, 4), "", "a", "ab", "abc", "abcd", "abcde"))
            .check(reads(
                    "rounds of two bytes", Expr.times(Expr.text("ab"), 1, 2), "ab", "abab", "aba", "ababab", "abb", ""))
            .check(reads("a head that may be left out", Expr.seq(Expr.optional(A), B), "ab", "b", "aab", "a", "bb"))
            .check(reads(
                    "two heads that may be left out",
                    Expr.seq(Expr.many(A), Expr.many(B), Expr.text("c")),
                    "c",
                    "aabbc",
                    "bc",
                    "ac",
                    "ba",
                    "abac"))
            .check(reads(
                    "all of it may be left out", Expr.seq(Expr.many(A), Expr.optional(B)), "", "b", "a", "ab", "ba"))
            .check(reads("rounds that may be empty", Expr.times(Expr.optional(A), 2, 3), "", "a", "aaa", "aaaa"))
            .check(reads(
                    "the same byte, two ways on",
                    Expr.seq(Expr.many(LETTER), Expr.text("ab")),
                    "ab",
                    "aab",
                    "abab",
                    "abc",
                    "xab"))
            .check(reads("an end before the choice is over", Expr.choice(Expr.EMPTY, Expr.text("ab")), "", "a", "ab"))
            .check(reads(
                    "nothing, and the empty text", Expr.seq(Expr.EMPTY, Expr.optional(Expr.NOTHING), A), "a", "", "b"))
            .check(reads("a JSON number", NUMBER, "0", "12", "01", "907", ""))
            .check(reads("a JSON string, é in two bytes", STRING, "\"a\"", "\"é\\\"b\"", "\"\\x", "\"a", "a", "\"\"\""))
            .check(reads(
                    "an object",
                    OBJECT,
                    "{\"n\": 12}",
                    "{\"n\":0,\"t\":\"é\"}",
                    "{\"n\":}",
                    "{\"n\":1 }",
                    "{\"n\":3,\"t\":\"a\",",
                    "{\"t\""))
            .check(Case.of("few states for a long text", seed -> seed, DerivativeExercise::states))
            .check(Case.of("texts that were drawn", seed -> seed, DerivativeExercise::drawn))
            .mistake(
                    "the head must be read",
                    "A head that may be empty was never left out: the byte may also belong to what comes behind it.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr sequence(Expr.Seq seq, int value) {
                            return joined(
                                    after(seq.items().getFirst(), value),
                                    new Expr.Seq(
                                            seq.items().subList(1, seq.items().size())));
                        }
                    })
            .mistake(
                    "the tail may always begin",
                    "The tail began before the head was read. Only a head that may be empty can be left out.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr sequence(Expr.Seq seq, int value) {
                            Expr tail = new Expr.Seq(
                                    seq.items().subList(1, seq.items().size()));
                            return Expr.anyOf(
                                    List.of(joined(after(seq.items().getFirst(), value), tail), after(tail, value)));
                        }
                    })
            .mistake(
                    "the head is dropped",
                    "After one byte of a sequence its whole head was gone. What the byte leaves of the head comes before the tail.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr sequence(Expr.Seq seq, int value) {
                            Expr head = seq.items().getFirst();
                            Expr tail = new Expr.Seq(
                                    seq.items().subList(1, seq.items().size()));
                            Expr inside = after(head, value).equals(Expr.NOTHING) ? Expr.NOTHING : tail;
                            return mayEnd(head) ? Expr.anyOf(List.of(inside, after(tail, value))) : inside;
                        }
                    })
            .mistake(
                    "the first option that fits",
                    "A choice was made at the first byte. Several options may begin with it, and all of them stay open.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr choice(List<Expr> options, int value) {
                            return options.stream()
                                    .map(option -> after(option, value))
                                    .filter(rest -> !rest.equals(Expr.NOTHING))
                                    .findFirst()
                                    .orElse(Expr.NOTHING);
                        }
                    })
            .mistake(
                    "one round",
                    "A repetition was over after one round: what is left of the round is followed by the rounds that may still come.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr oneLess(Expr.Repeat repeat) {
                            return Expr.EMPTY;
                        }
                    })
            .mistake(
                    "rounds are not counted",
                    "A repetition of two to four rounds is still one of two to four after a round. One less is needed, and one less may"
                            + " come.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr oneLess(Expr.Repeat repeat) {
                            return repeat;
                        }
                    })
            .mistake(
                    "no upper end",
                    "Rounds that are needed were counted, those that may come were not: a limit such as maxLength holds nobody.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr oneLess(Expr.Repeat repeat) {
                            return Expr.times(repeat.body(), Math.max(0, repeat.min() - 1), repeat.max());
                        }
                    })
            .mistake(
                    "endless counts down",
                    "UNBOUNDED was counted down: each round is another state then, and an automaton for a string of any length never stops"
                            + " growing. Leave it UNBOUNDED.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr oneLess(Expr.Repeat repeat) {
                            return Expr.times(repeat.body(), Math.max(0, repeat.min() - 1), repeat.max() - 1);
                        }
                    })
            .mistake(
                    "a part that may be empty is enough",
                    "A sequence may end only when all of its parts may, not when one of them may.",
                    () -> new DerivativeSteps() {
                        @Override
                        boolean sequenceEnds(List<Expr> items) {
                            return items.isEmpty() || items.stream().anyMatch(this::mayEnd);
                        }
                    })
            .mistake(
                    "all options have to end",
                    "A choice may end when one of its options may: the others need not.",
                    () -> new DerivativeSteps() {
                        @Override
                        boolean choiceEnds(List<Expr> options) {
                            return options.stream().allMatch(this::mayEnd);
                        }
                    })
            .mistake(
                    "empty rounds do not count",
                    "Rounds that are needed may be empty ones: a repetition may also end when its body may.",
                    () -> new DerivativeSteps() {
                        @Override
                        boolean repeatEnds(Expr.Repeat repeat) {
                            return repeat.min() == 0;
                        }
                    })
            .mistake(
                    "nothing, and then the tail",
                    "A sequence that begins with NOTHING is still taken for a text that may come. NOTHING and then anything is NOTHING:"
                            + " put them together by Expr.then.",
                    () -> new DerivativeSteps() {
                        @Override
                        Expr joined(Expr first, Expr second) {
                            return first.equals(Expr.NOTHING)
                                    ? new Expr.Seq(List.of(first, second))
                                    : super.joined(first, second);
                        }
                    })
            .build();

    private DerivativeExercise() {}

    private static Expr words(String... all) {
        return Expr.choice(Arrays.stream(all).map(Expr::text).toList());
    }

    private static Case<DerivativeFn> reads(String name, Expr expr, String... texts) {
        return Case.of(name, seed -> texts, (answer, all) -> {
            List<String> said = new ArrayList<>();
            for (String text : all) {
                said.add(read(new DerivativeAutomaton(expr, answer), text));
            }
            return said;
        });
    }

    /** The text, and behind each of its bytes whether it may end there, goes on, or no text begins so. */
    private static String read(DerivativeAutomaton automaton, String text) {
        StringBuilder said = new StringBuilder("'" + text + "': ");
        int state = automaton.start();
        said.append(automaton.accepts(state) ? "may end" : "goes on");
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            state = automaton.next(state, b & 255);
            if (state < 0) {
                return said.append(", no").toString();
            }
            said.append(automaton.accepts(state) ? ", may end" : ", goes on");
        }
        return said.toString();
    }

    private static String states(DerivativeFn answer, long seed) {
        DerivativeAutomaton automaton = new DerivativeAutomaton(STRING, answer);
        read(automaton, "\"" + "ab".repeat(20 + (int) (seed % 7)) + "\"");
        return automaton.size() <= 12 ? "12 states at most" : automaton.size() + " states";
    }

    /** Texts of two letters against an expression whose ways cross. */
    private static List<String> drawn(DerivativeFn answer, long seed) {
        Draw draw = new Draw(seed);
        Expr expr = Expr.seq(
                Expr.times(Expr.choice(A, Expr.text("ab")), 1, 4),
                Expr.optional(Expr.seq(B, Expr.many(A))),
                Expr.times(Expr.choice(B, Expr.text("ba")), 0, 2));
        DerivativeAutomaton automaton = new DerivativeAutomaton(expr, answer);
        List<String> said = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            StringBuilder text = new StringBuilder("a");
            for (int left = draw.between(0, 7); left > 0; left--) {
                text.append(draw.between(0, 1) == 0 ? 'a' : 'b');
            }
            said.add(read(automaton, text.toString()));
        }
        return said;
    }
}
