package tinyllm.lab.exercises.sampling;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.sampling.grammar.AllowedTokens;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.TokenNode;

/** Exercise "4.3 mask". */
public final class AllowedTokensExercise {

    private static final Expr QUOTE = Expr.text("\"");
    private static final Expr WORD = Expr.seq(QUOTE, Expr.many(Expr.range('a', 'c')), QUOTE);
    private static final Expr LIST =
            Expr.seq(Expr.text("["), WORD, Expr.many(Expr.seq(Expr.text(","), WORD)), Expr.text("]"));
    private static final Expr ROUNDS = Expr.many(Expr.text("ab"));
    private static final Expr DIGITS = Expr.times(Expr.range('0', '9'), 1, 3);

    public static final Exercise<AllowedTokensFn> MASK = Exercise.of("4.3 mask", AllowedTokensFn.class)
            .title("Which tokens may come next")
            .reference(AllowedTokens::new)
            .hint(
                    "Walk the tree of tokens and the automaton together, from the root and the state on: a child whose byte leads below 0"
                            + " is left out, with everything under it.")
            .hint(
                    "A method walk(node, state, found): for each child, next = automaton.next(state, child.value()). If next is 0 or more,"
                            + " the child's tokens are allowed, and walk(child, next, found) goes on.")
            .hint(
                    "allowed(state): look into the map; if nothing is there, walk, set the end's bit when automaton.accepts(state), and"
                            + " put the set into the map. begin empties the map.")
            .check(behind(
                    "whole tokens, not only their first byte",
                    ROUNDS,
                    at("", "a", "ab"),
                    "a",
                    "b",
                    "ab",
                    "aba",
                    "abb",
                    "ba",
                    "x"))
            .check(behind(
                    "a token goes across the border of a string",
                    LIST,
                    at("[", "[\"", "[\"a", "[\"a\"", "[\"a\","),
                    "\"",
                    "a",
                    "b\"",
                    "\",",
                    "\",\"",
                    "\"]",
                    ",",
                    "]",
                    "ca\",\"b",
                    "[\"",
                    "\"\""))
            .check(behind(
                    "half a character",
                    Expr.seq(QUOTE, Expr.many(Expr.choice(Expr.text("é"), Expr.text("è"))), QUOTE),
                    at("", "\"", "#22c3", "\"é"),
                    "\"",
                    "é",
                    "#c3",
                    "#a9",
                    "#a8",
                    "#a922",
                    "#bf",
                    "é\"",
                    "#c3a9c3"))
            .check(behind("two tokens with the same bytes", ROUNDS, at("", "a"), "ab", "ab", "b", "b", "a"))
            .check(behind(
                    "a long token below a short one", DIGITS, at("", "1", "12"), "1", "12", "123", "1234", "2", "23"))
            .check(behind("where the text may end, and go on", DIGITS, at("", "7", "777"), "7", "77", "a"))
            .check(behind("where it may not end", LIST, at("", "[", "[\"a\"]"), "[", "]", "\"", "a"))
            .check(behind("no token goes on", Expr.text("x-y"), at("x", "x-"), "x", "y", "x+"))
            .check(behind(
                    "back in the state of the beginning",
                    Expr.many(Expr.text("a")),
                    at("", "a", "aa"),
                    "a",
                    "aa",
                    "aaa",
                    "ab"))
            .check(Case.of("begun anew", seed -> seed, AllowedTokensExercise::anew))
            .check(Case.of("a state that comes again", seed -> seed, AllowedTokensExercise::again))
            .check(Case.of("what begins wrongly is left out as a whole", seed -> seed, AllowedTokensExercise::pruned))
            .check(Case.of("tokens that were drawn", seed -> seed, AllowedTokensExercise::drawn))
            .mistake(
                    "the first byte decides",
                    "A token was allowed because its first byte fits. All of its bytes have to, one after the other: \"ab\" ends"
                            + " somewhere else than \"a\".",
                    () -> new AllowedSteps() {
                        @Override
                        void below(TokenNode node, int before, int state, BitSet into) {
                            node.children().forEach(child -> {
                                take(child, state, into);
                                below(child, before, state, into);
                            });
                        }
                    })
            .mistake(
                    "tokens of one byte",
                    "Only tokens of one byte were found: under a child that fits the walk goes on.",
                    () -> new AllowedSteps() {
                        @Override
                        void below(TokenNode node, int before, int state, BitSet into) {}
                    })
            .mistake(
                    "stops at a token",
                    "Under a node that is a token the walk did not go on: longer tokens with the same beginning are missing.",
                    () -> new AllowedSteps() {
                        @Override
                        void below(TokenNode node, int before, int state, BitSet into) {
                            if (node.tokens().length == 0) {
                                walk(node, state, into);
                            }
                        }
                    })
            .mistake(
                    "the state stays behind",
                    "Every byte of a token was read in the state before the token. Behind a byte the automaton is in the next state.",
                    () -> new AllowedSteps() {
                        @Override
                        void below(TokenNode node, int before, int state, BitSet into) {
                            walk(node, before, into);
                        }
                    })
            .mistake(
                    "state 0 is no state",
                    "A way that leads back to state 0 was taken for a dead one. Only numbers below 0 are dead.",
                    () -> new AllowedSteps() {
                        @Override
                        boolean alive(int state) {
                            return state > 0;
                        }
                    })
            .mistake(
                    "only what ends the text",
                    "Only tokens were allowed behind which the text may end. It is enough that it can go on from there.",
                    () -> new AllowedSteps() {
                        @Override
                        void take(TokenNode node, int state, BitSet into) {
                            if (automaton().accepts(state)) {
                                super.take(node, state, into);
                            }
                        }
                    })
            .mistake(
                    "one of the tokens with the same bytes",
                    "Two tokens have the same bytes, and one of them is missing: tokens() has both.",
                    () -> new AllowedSteps() {
                        @Override
                        void take(TokenNode node, int state, BitSet into) {
                            if (node.tokens().length > 0) {
                                into.set(node.tokens()[0]);
                            }
                        }
                    })
            .mistake(
                    "the end is always there",
                    "The text may end where it is not whole: the end belongs to the mask where the automaton accepts, and nowhere else.",
                    () -> new AllowedSteps() {
                        @Override
                        boolean ends(int state, BitSet others) {
                            return true;
                        }
                    })
            .mistake(
                    "the end is never there",
                    "The text can't end: where the automaton accepts, the end token belongs to the mask. A model that may not stop writes on"
                            + " until its limit.",
                    () -> new AllowedSteps() {
                        @Override
                        boolean ends(int state, BitSet others) {
                            return false;
                        }
                    })
            .mistake(
                    "the end when nothing else is left",
                    "The end came only where no token goes on. A text that may go on may end as well: 7 is a number, and so is 77.",
                    () -> new AllowedSteps() {
                        @Override
                        boolean ends(int state, BitSet others) {
                            return others.isEmpty() && automaton().accepts(state);
                        }
                    })
            .mistake(
                    "walks every time",
                    "A state that comes again was walked again. With 150,000 tokens that is milliseconds for each character of a string:"
                            + " keep the mask of a state.",
                    () -> new AllowedSteps() {
                        @Override
                        public BitSet allowed(int state) {
                            return found(state);
                        }
                    })
            .mistake(
                    "one mask for all states",
                    "The first state's mask was given for all: each state has its own.",
                    () -> new AllowedSteps() {
                        @Override
                        public BitSet allowed(int state) {
                            return known.computeIfAbsent(0, key -> found(state));
                        }
                    })
            .mistake(
                    "each token on its own",
                    "Tokens with the same beginning were each read from their first byte on. Read it once: where a node fails, everything"
                            + " below it does.",
                    () -> new AllowedSteps() {
                        @Override
                        void walk(TokenNode node, int state, BitSet into) {
                            tryEach(node, List.of(), state, into);
                        }

                        private void tryEach(TokenNode node, List<Integer> bytes, int state, BitSet into) {
                            for (TokenNode child : node.children()) {
                                List<Integer> longer = new ArrayList<>(bytes);
                                longer.add(child.value());
                                for (int id : child.tokens()) {
                                    int now = state;
                                    for (int value : longer) {
                                        now = now < 0 ? now : automaton().next(now, value);
                                    }
                                    into.set(id, now >= 0);
                                }
                                tryEach(child, longer, state, into);
                            }
                        }
                    })
            .build();

    private AllowedTokensExercise() {}

    private static String[] at(String... texts) {
        return texts;
    }

    private static Case<AllowedTokensFn> behind(String name, Expr expr, String[] texts, String... tokens) {
        return Case.of(name, seed -> seed, (answer, seed) -> new AllowedRun(answer, expr, tokens).behind(texts));
    }

    private static List<String> anew(AllowedTokensFn answer, long seed) {
        AllowedRun run = new AllowedRun(answer, DIGITS, "1", "a", "ab", "12");
        List<String> said = new ArrayList<>(run.behind("", "1"));
        run.begin(ROUNDS);
        said.addAll(run.behind("", "a"));
        return said;
    }

    private static List<String> again(AllowedTokensFn answer, long seed) {
        return new AllowedRun(answer, WORD, "\"", "a", "b", "ab", "abc", "a\"").steps("\"", 7 + 4 * 6);
    }

    /** Hundreds of tokens begin with x, which fits nowhere. */
    private static List<String> pruned(AllowedTokensFn answer, long seed) {
        String[] tokens = Stream.concat(
                        Stream.of("a", "b", "\""),
                        IntStream.range(0, 300).mapToObj(i -> "xx" + Integer.toString(i + (int) (seed % 50), 36)))
                .toArray(String[]::new);
        return new AllowedRun(answer, WORD, tokens).steps("\"", 8);
    }

    private static List<String> drawn(AllowedTokensFn answer, long seed) {
        Draw draw = new Draw(seed);
        String letters = "[]\",abc";
        String[] tokens = IntStream.range(0, 60)
                .mapToObj(i -> {
                    StringBuilder token = new StringBuilder();
                    for (int left = draw.between(1, 4); left > 0; left--) {
                        token.append(letters.charAt(draw.between(0, letters.length() - 1)));
                    }
                    return token.toString();
                })
                .toArray(String[]::new);
        return new AllowedRun(answer, LIST, tokens)
                .behind("", "[", "[\"", "[\"ab", "[\"\"", "[\"c\",", "[\"b\",\"\"", "[\"\"]");
    }
}
