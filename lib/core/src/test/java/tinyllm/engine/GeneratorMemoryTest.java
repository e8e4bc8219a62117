package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.cache.GrowingKvArrays;
import tinyllm.cache.KvArrays;
import tinyllm.course.Mine;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.sampling.SamplingParams;

/** What a generator remembers, in whoever's arrays and by whoever's loop, changes its time and not its text. */
class GeneratorMemoryTest {

    private static final Path TINY = Path.of("src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final int[] PROMPT = {5, 9, 2, 40, 17, 33, 8};
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    private static List<Integer> answer(Generator generator) {
        return generator
                .complete(PROMPT, SamplingParams.GREEDY, 12, piece -> {})
                .tokens();
    }

    @Test
    void everyMemoryWritesTheSameText() {
        List<Integer> expected = answer(new Generator(model));

        assertThat(expected).isNotEmpty();
        assertThat(answer(new Generator(model).cached())).isEqualTo(expected);
        assertThat(answer(new Generator(model).withCache(GrowingKvArrays::new))).isEqualTo(expected);
        assertThat(answer(new Generator(model).withCachedLoop(new CachedLoop())))
                .isEqualTo(expected);
        assertThat(answer(new Generator(model)
                        .withCachedLoop(new CachedLoop())
                        .withCache(GrowingKvArrays::new)
                        .withReuse(new CommonPrefix())))
                .isEqualTo(expected);
    }

    /** Reads on from an answer that is known, then from one that was changed. */
    @Test
    void onlyWhatIsNewPassesThroughTheLayers() {
        List<Integer> lengths = new ArrayList<>();
        ReuseFn watching = (known, text) -> {
            int keep = new CommonPrefix().keep(known, text);
            lengths.add(text.length - keep);
            return keep;
        };

        answer(new Generator(model).withReuse(watching));

        assertThat(lengths).startsWith(PROMPT.length).endsWith(1);
        assertThat(lengths.subList(1, lengths.size())).containsOnly(1);
    }

    @Test
    void aConversationKeepsItsTurns() {
        Map<String, Object> first = Map.of("role", "user", "content", "Hello");
        Map<String, Object> second = Map.of("role", "user", "content", "And now?");
        Generator generator = new Generator(model);
        try (Conversation talk = generator.conversation()) {
            Completion one = talk.chat(List.of(first), SamplingParams.GREEDY, 4, piece -> {});
            assertThat(talk.tokensRead())
                    .isEqualTo(one.promptTokens() + Math.max(one.tokens().size() - 1, 0));
            List<Map<String, Object>> messages =
                    List.of(first, Map.of("role", "assistant", "content", one.text()), second);

            Completion two = talk.chat(messages, SamplingParams.GREEDY, 4, piece -> {});

            assertThat(two.tokens())
                    .isEqualTo(generator
                            .chat(messages, SamplingParams.GREEDY, 4, piece -> {})
                            .tokens());
            assertThat(talk.tokensRead()).isLessThan(two.promptTokens());
            assertThat(talk.nbytes()).isPositive();
        }
    }

    @Test
    void anAnswerThatKeepsTooMuchIsRefused() {
        Generator wrong = new Generator(model).withReuse((known, text) -> text.length);

        assertThatThrownBy(() -> answer(wrong))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("7 were to be kept");
    }

    @Test
    void arraysThatAreTooShortAreNamed() {
        class Short extends Forwarding {
            @Override
            public float[] keys(int layer) {
                return new float[3];
            }
        }

        assertThatThrownBy(() -> answer(new Generator(model).withCache(Short::new)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the keys of layer 0 lie in an array of 3 numbers");
    }

    @Test
    void theLearnersAnswersTakeTheirPlaces() {
        List<String> called = new ArrayList<>();
        class Watched extends Forwarding {
            @Override
            public void append(int layer, float[] keys, float[] values) {
                called.add("cache");
                super.append(layer, keys, values);
            }
        }
        CachedLoopFn loop = (next, prompt, most, isEnd, choose) -> {
            called.add("loop");
            return new CachedLoop().generate(next, prompt, most, isEnd, choose);
        };
        ReuseFn reuse = (known, text) -> {
            called.add("reuse");
            return new CommonPrefix().keep(known, text);
        };
        Mine mine = new Mine(List.of(
                new Mine.Piece("2.1 cache", KvArrays.class, new Watched(), ""),
                new Mine.Piece("2.1 decode", CachedLoopFn.class, loop, ""),
                new Mine.Piece("2.1 second turn", ReuseFn.class, reuse, "")));

        List<Integer> own = answer(new Generator(model).with(mine));

        assertThat(own).isEqualTo(answer(new Generator(model)));
        assertThat(called).contains("cache", "loop", "reuse");
        assertThat(Arrays.asList(KvArrays.class, CachedLoopFn.class, ReuseFn.class))
                .allMatch(Generator::hasPlaceFor);
    }

    /** The library's arrays behind an object of another class. */
    private static class Forwarding implements KvArrays {
        private final KvArrays arrays = new GrowingKvArrays();

        @Override
        public void begin(int layers, int width) {
            arrays.begin(layers, width);
        }

        @Override
        public void append(int layer, float[] keys, float[] values) {
            arrays.append(layer, keys, values);
        }

        @Override
        public int length() {
            return arrays.length();
        }

        @Override
        public void rewind(int tokens) {
            arrays.rewind(tokens);
        }

        @Override
        public float[] keys(int layer) {
            return arrays.keys(layer);
        }

        @Override
        public float[] values(int layer) {
            return arrays.values(layer);
        }
    }
}
