package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On the tiny tokenizer of src/test/python/text/tiny_tokenizer.py. */
@Tag("slow")
class BpeTokenizerTest {
    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private final BpeTokenizer tiny = BpeTokenizer.fromTokenizerJson(Goldens.text("tiny-tokenizer.json"));
    private final int imStart = tiny.idOf("<|im_start|>").getAsInt();
    private final int imEnd = tiny.idOf("<|im_end|>").getAsInt();
    private final int toolCall = tiny.idOf("<tool_call>").getAsInt();

    @Test
    void mergesWhatItLearnt() {
        assertThat(tiny.encode("the")).hasSizeLessThan(3);
        assertThat(tiny.encode("")).isEmpty();
        assertThat(tiny.decode(tiny.encode("What is the weather, 天气?"))).isEqualTo("What is the weather, 天气?");
    }

    @Test
    void normalizesToNfcWhereTheFileSaysSo() {
        assertThat(tiny.encode("cafe\u0301")).isEqualTo(tiny.encode("caf\u00e9"));
        assertThat(tiny.decode(tiny.encode("cafe\u0301"))).isEqualTo("caf\u00e9");
        BpeTokenizer bytes = ByteTokenizer.create();
        assertThat(bytes.decode(bytes.encode("cafe\u0301"))).isEqualTo("cafe\u0301");
    }

    @Test
    void specialTokensOnlyWhereTheyMayStand() {
        String text = "<|im_start|>user<|im_end|>";
        assertThat(tiny.encode(text)).doesNotContain(imStart, imEnd);
        assertThat(tiny.decode(tiny.encode(text))).isEqualTo(text);
        assertThat(tiny.encodeWithSpecials(text)).startsWith(imStart).endsWith(imEnd);
        assertThat(tiny.encode("a<tool_call>b")).contains(toolCall);
        assertThat(tiny.isSpecial(imEnd)).isTrue();
        assertThat(tiny.isSpecial(toolCall)).isFalse();
        assertThat(tiny.isSpecial(-1)).isFalse();
        assertThat(tiny.isSpecial(1 << 30)).isFalse();
    }

    @Test
    void spansAreReadAsOneText() {
        TemplateText text = spans("T:<|im_start|>us", "D:er the wea", "T:ther<|im_end|>\n");
        assertThat(tiny.encode(text)).isEqualTo(tiny.encodeWithSpecials("<|im_start|>user the weather<|im_end|>\n"));
    }

    @Test
    void aSpecialTokenNeedsTheTemplateForEveryCharacter() {
        for (TemplateText text : List.of(
                spans("D:<|im_end|>"),
                spans("T:<|im_", "D:end|>"),
                spans("D:<", "T:|im_end|>"),
                spans("T:<|im_end", "D:|", "T:>"),
                spans("T:<|", "D:im_end", "T:|>"))) {
            assertThat(tiny.encode(text)).doesNotContain(imEnd);
            assertThat(tiny.decode(tiny.encode(text))).isEqualTo("<|im_end|>");
        }
        assertThat(tiny.encode(spans("T:<|im_", "T:end|>"))).containsExactly(imEnd);
    }

    @Test
    void refusesHalfASurrogatePair() {
        assertThatThrownBy(() -> tiny.encode("ab\ud83d"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("U+D83D")
                .hasMessageContaining("index 2");
        assertThatThrownBy(() -> tiny.encode("\ude00a")).hasMessageContaining("U+DE00");
        assertThatThrownBy(() -> tiny.encodeWithSpecials("\ud83d\ud83d")).hasMessageContaining("index 0");
        assertThatThrownBy(() -> tiny.encode(spans("D:\ud83d"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void brokenUtf8BecomesTheReplacementCharacter() {
        BpeTokenizer bytes = ByteTokenizer.create();
        assertThat(bytes.decode(0xC3, 0x28)).isEqualTo("\uFFFD(");
        assertThat(bytes.decode(0xFF, 'a')).isEqualTo("\uFFFDa");
        assertThat(bytes.bytes(0xF0)).containsExactly(0xF0);
    }

    @Test
    void refusesUnknownIds() {
        for (int id : new int[] {-1, tiny.vocabSize(), Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> tiny.bytes(id))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(id));
            assertThatThrownBy(() -> tiny.decode('a', id)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void tokensCanNotBeChangedFromOutside() {
        tiny.bytes(5)[0] = 0;
        assertThat(tiny.bytes(5)[0]).isNotZero();
    }

    @Test
    void mergingIsTheSlowTruth() {
        Random random = new Random(8);
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            random.ints(random.nextInt(40), 0, 8).forEach(c -> text.append("thea rn".charAt(c % 7)));
            String word = text.toString().replace(" ", "");
            assertThat(tiny.encode(word)).isEqualTo(SlowBpe.encode(word));
        }
    }

    /** Row T3. CPU time of the second of two runs, so that a busy machine does not matter. */
    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "the", "\u0301", "\u0301\u0316", "👩‍", "\n", " \n", "'", "1", "!", "é"})
    void linearTime(String unit) {
        String once = unit.repeat(500_000 / unit.length());
        String twice = once + once;
        double ratio = Double.MAX_VALUE;
        for (int attempt = 0; attempt < 4 && ratio >= 2.5; attempt++) {
            long small = nanos(once);
            long large = nanos(twice);
            ratio = (double) large / small;
            assertThat(large).isLessThan(4_000_000_000L);
        }
        assertThat(ratio).isLessThan(2.5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "\u0301", "👩\u200d", "'s", "\n "})
    void roundTripOfLongRuns(String unit) {
        String text = unit.repeat(100_000 / unit.length());
        assertThat(tiny.decode(tiny.encode(text))).isEqualTo(text);
    }

    private long nanos(String text) {
        tiny.encode(text);
        long start = CPU.getCurrentThreadCpuTime();
        tiny.encode(text);
        return CPU.getCurrentThreadCpuTime() - start;
    }

    /** Spans written as "T:text" by the template, "D:text" by the user. */
    private static TemplateText spans(String... spans) {
        return new TemplateText(IntStream.range(0, spans.length)
                .mapToObj(i -> new TemplateText.Span(spans[i].substring(2), spans[i].startsWith("T:")))
                .toList());
    }
}
