package tinyllm.sampling.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.text.ByteTokenizer;

/** Chapter 4.3's automaton and masks against the library's machine, which goes another way. */
class DerivativeAutomatonTest {

    private static final String BOOK =
            "{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\",\"maxLength\":5},"
                    + "\"year\":{\"type\":\"integer\",\"minimum\":-5,\"maximum\":2100},\"tags\":{\"type\":\"array\",\"items\":{\"enum\":[\"a\",1,null]}},"
                    + "\"more\":{\"type\":\"number\"}},\"required\":[\"title\",\"year\",\"tags\"],\"additionalProperties\":false}";

    /** Random expressions over two letters. */
    private static Expr drawn(Random random, int depth) {
        return switch (depth == 0 ? 0 : random.nextInt(5)) {
            case 0 -> Expr.text(random.nextBoolean() ? "a" : "b");
            case 1 -> Expr.seq(drawn(random, depth - 1), drawn(random, depth - 1));
            case 2 -> Expr.choice(drawn(random, depth - 1), drawn(random, depth - 1));
            case 3 -> Expr.optional(drawn(random, depth - 1));
            default -> {
                int min = random.nextInt(3);
                int max = random.nextInt(3) == 0 ? Expr.UNBOUNDED : min + random.nextInt(3);
                yield new Expr.Repeat(drawn(random, depth - 1), min, max);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void readsWhatTheMachineReads(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < 25; i++) {
            Expr expr = drawn(random, 4);
            DerivativeAutomaton automaton = new DerivativeAutomaton(expr, new Derivative());
            Machine machine = new Machine(Grammar.of(expr));
            for (int text = 0; text < 20; text++) {
                int state = automaton.start();
                Machine.State other = machine.start();
                for (int length = 0; length < 10 && other != null && state >= 0; length++) {
                    assertThat(automaton.accepts(state)).as("%s", expr).isEqualTo(other.ends());
                    int value = random.nextBoolean() ? 'a' : 'b';
                    state = automaton.next(state, value);
                    other = other.next(value);
                    assertThat(state >= 0).as("%s", expr).isEqualTo(other != null);
                }
            }
        }
    }

    @Test
    void masksOfASchemaAreTheMachines() {
        Grammar grammar = JsonSchema.compile(BOOK);
        List<byte[]> words = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            words.add(new byte[] {(byte) b});
        }
        for (String word :
                List.of("\",", "\": ", "{\"", "ti", "title", "}\n", "12", "], \"", "é", "null", "\n  ", "\\u00")) {
            words.add(word.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        TokenTrie trie = new TokenTrie(words);
        TokenMasks masks = new TokenMasks(trie, grammar);
        DerivativeAutomaton automaton = new DerivativeAutomaton(grammar.expanded(), new Derivative());
        AllowedTokens allowed = new AllowedTokens();
        allowed.begin(automaton, trie.root(), words.size());
        Random random = new Random(1);
        for (int text = 0; text < 12; text++) {
            Machine.State other = masks.start();
            int state = automaton.start();
            for (int step = 0; step < 60; step++) {
                int[] expected = masks.allowed(other, 100_000).ids().toArray();
                BitSet mine = allowed.allowed(state);
                assertThat(mine.get(words.size())).isEqualTo(masks.ends(other));
                mine.clear(words.size());
                assertThat(mine.stream().toArray()).containsExactly(expected);
                if (expected.length == 0) {
                    break;
                }
                byte[] next = words.get(expected[random.nextInt(expected.length)]);
                other = java.util.Objects.requireNonNull(masks.after(other, next));
                for (byte b : next) {
                    state = automaton.next(state, b & 255);
                }
            }
        }
    }

    @Test
    void theTreeHoldsEveryTokenOnce() {
        TokenTrie trie = new TokenTrie(ByteTokenizer.create());
        assertThat(trie.root().value()).isEqualTo(-1);
        assertThat(trie.root().tokens()).isEmpty();
        assertThat(trie.root().children()).hasSize(256).allMatch(node -> node.tokens().length == 1);
        assertThat(trie.root().children().get(65).value()).isEqualTo(65);
        assertThat(trie.root().children().get(65).children()).isEmpty();
    }

    @Test
    void whatItCantReadIsRefused() {
        assertThatThrownBy(() -> JsonSchema.anyObject().expanded())
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("as deep as it likes");
        assertThatThrownBy(() -> JsonSchema.compile("{\"type\":\"string\",\"pattern\":\"^a\",\"minLength\":3}")
                        .expanded())
                .hasMessageContaining("two conditions on one text");
        assertThatThrownBy(() -> new DerivativeAutomaton(new Expr.Rule(0), new Derivative()))
                .hasMessageContaining("Rule");
        assertThatThrownBy(() -> new AllowedTokens().allowed(0)).hasMessageContaining("begin comes first");
    }

    /** A derivative that never simplifies makes a new state of each byte, and is stopped. */
    @Test
    void tooManyStatesAreRefused() {
        DerivativeFn growing = new DerivativeFn() {
            @Override
            public boolean mayEnd(Expr expr) {
                return true;
            }

            @Override
            public Expr after(Expr expr, int value) {
                return expr instanceof Expr.Repeat r
                        ? new Expr.Repeat(r.body(), r.min() + 1, Expr.UNBOUNDED)
                        : Expr.NOTHING;
            }
        };
        DerivativeAutomaton automaton = new DerivativeAutomaton(Expr.many(Expr.text("a")), growing);
        assertThatThrownBy(() -> automaton.accepts(new byte[30_000])).hasMessageContaining("more than 20000 states");
    }
}
