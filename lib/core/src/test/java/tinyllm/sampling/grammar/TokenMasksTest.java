package tinyllm.sampling.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.text.TemplateText;
import tinyllm.text.Tokenizer;

/** The tree, the loops' counts and the remembered masks say the same as trying every token by itself. */
class TokenMasksTest {

    /** Tokens of several characters, halves of characters, one twice, some without an id. */
    private static final class Words implements Tokenizer {
        private final List<byte[]> words = new ArrayList<>();

        Words(Random random) {
            for (int b = 0; b < 256; b++) {
                words.add(new byte[] {(byte) b});
            }
            String letters = "ab\"\\,{}é 1n";
            for (int i = 0; i < 400; i++) {
                StringBuilder word = new StringBuilder();
                for (int k = 1 + random.nextInt(6); k > 0; k--) {
                    word.append(letters.charAt(random.nextInt(letters.length())));
                }
                byte[] bytes = word.toString().getBytes(StandardCharsets.UTF_8);
                words.add(i % 5 == 0 ? Arrays.copyOf(bytes, Math.max(1, bytes.length - 1)) : bytes);
            }
            words.add(words.get(300));
        }

        @Override
        public byte[] bytes(int id) {
            return words.get(id).clone();
        }

        @Override
        public boolean isSpecial(int id) {
            return id == 299;
        }

        @Override
        public int vocabSize() {
            return words.size();
        }

        @Override
        public int[] encode(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int[] encode(TemplateText text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int[] encodeWithSpecials(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String decode(int... ids) {
            throw new UnsupportedOperationException();
        }
    }

    static Stream<Grammar> grammars() {
        Expr quote = Expr.text("\"");
        Expr letter = Expr.choice(Expr.range('a', 'b'), Utf8.of(CodePoints.of(0x80, 0x10FFFF)), Expr.text("\\n"));
        Expr tail = Expr.many(Expr.seq(Expr.text(","), quote, Expr.times(letter, 2, 4), quote));
        Expr ambiguous = Expr.many(Expr.choice(Expr.text("a"), Expr.text("aa"), Expr.text("b")));
        return Stream.of(
                Grammar.of(Expr.seq(quote, Expr.many(letter), quote, tail)),
                Grammar.of(Expr.seq(quote, Expr.times(letter, 3, 7), quote, tail)),
                Grammar.of(Expr.seq(Expr.times(letter, 1, Expr.UNBOUNDED), Expr.optional(Expr.text("a")), tail)),
                Grammar.of(Expr.seq(ambiguous, tail)),
                Grammar.of(Expr.many(Expr.many(letter))),
                Grammar.of(new Expr.Both(Expr.many(letter), Expr.times(Expr.range('a', 'b'), 2, 5))),
                new Grammar(
                        new Expr.Rule(0),
                        List.of(Expr.choice(
                                Expr.text("1"),
                                Expr.seq(Expr.text("{"), Expr.many(new Expr.Rule(0)), Expr.text("}"))))));
    }

    @ParameterizedTest
    @MethodSource("grammars")
    void masksEqualTryingEveryToken(Grammar grammar) {
        for (int seed = 0; seed < 25; seed++) {
            Random random = new Random(seed);
            Words words = new Words(random);
            TokenMasks masks = new TokenMasks(new TokenTrie(words), grammar);
            Machine.State state = masks.start();
            for (int step = 0; step < 12; step++) {
                int[] allowed = masks.allowed(state, 1_000).ids().toArray();
                assertThat(allowed).containsExactly(oneByOne(masks, state, words));
                if (allowed.length == 0) {
                    break;
                }
                state = Objects.requireNonNull(
                        masks.after(state, words.bytes(allowed[random.nextInt(allowed.length)])));
            }
        }
    }

    private static int[] oneByOne(TokenMasks masks, Machine.State state, Words words) {
        return IntStream.range(0, words.vocabSize())
                .filter(id -> !words.isSpecial(id) && masks.after(state, words.bytes(id)) != null)
                .toArray();
    }

    /** However few tokens are left, if an end can be reached within them it is. */
    @ParameterizedTest
    @MethodSource("grammars")
    void endsWithinTheLimit(Grammar grammar) {
        for (int seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            Words words = new Words(random);
            TokenMasks masks = new TokenMasks(new TokenTrie(words), grammar);
            Machine.State state = masks.start();
            for (int left = 12 + random.nextInt(20); left > 0; left--) {
                int[] allowed = masks.allowed(state, left).ids().toArray();
                if (allowed.length == 0) {
                    break;
                }
                state = Objects.requireNonNull(
                        masks.after(state, words.bytes(allowed[random.nextInt(allowed.length)])));
            }
            assertThat(masks.ends(state)).as("seed %d", seed).isTrue();
        }
    }

    @Test
    void countsWhatItAllows() {
        TokenMasks masks = new TokenMasks(
                new TokenTrie(new Words(new Random(1))), Grammar.of(Expr.choice(Expr.text("x"), Expr.text("y"))));
        TokenSet allowed = masks.allowed(masks.start(), 5);
        assertThat(allowed.size()).isEqualTo(2);
        assertThat(allowed.has('x')).isTrue();
        assertThat(allowed.has('z')).isFalse();
        assertThat(allowed.has(-1)).isFalse();
    }
}
