package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Row T9: a stream is the whole text, byte for byte, and never half a character. */
class TextStreamTest {
    private static final Tokenizer BYTES = ByteTokenizer.create();

    @Test
    void streamIsWholeForRandomTexts() {
        Tokenizer tiny = BpeTokenizer.fromTokenizerJson(Goldens.text("tiny-tokenizer.json"));
        Random random = new Random(9);
        for (int i = 0; i < 1_000; i++) {
            String text = text(random);
            for (Tokenizer tokenizer : new Tokenizer[] {BYTES, tiny}) {
                int[] ids = tokenizer.encode(text);
                String whole = tokenizer.decode(ids);
                assertThat(stream(tokenizer, ids)).isEqualTo(whole);
                assertThat(whole.contains("\uFFFD")).isEqualTo(text.contains("\uFFFD"));
            }
        }
    }

    @Test
    void streamIsWholeForRandomBytes() {
        Random random = new Random(10);
        for (int i = 0; i < 20_000; i++) {
            int[] ids = random.ints(random.nextInt(12), 0, 259).toArray();
            assertThat(stream(BYTES, ids)).isEqualTo(BYTES.decode(ids));
        }
    }

    @Test
    void holdsBackAnUnfinishedCharacter() {
        TextStream stream = new TextStream(BYTES);
        assertThat(stream.push(0xF0)).isEmpty();
        assertThat(stream.push(0x9F)).isEmpty();
        assertThat(stream.push(0x98)).isEmpty();
        assertThat(stream.push(0x80)).isEqualTo("😀");
        assertThat(stream.push(0xC3)).isEmpty();
        assertThat(stream.push('(')).isEqualTo("\uFFFD(");
        assertThat(stream.push(0xE2)).isEmpty();
        assertThat(stream.finish()).isEqualTo("\uFFFD");
        assertThat(stream.finish()).isEmpty();
        assertThatThrownBy(() -> stream.push('a')).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void leavesSpecialTokensOutOnRequest() {
        TextStream stream = new TextStream(BYTES, true);
        assertThat(stream.push('a') + stream.push(ByteTokenizer.IM_END) + stream.push('b') + stream.finish())
                .isEqualTo("ab");
    }

    private static String stream(Tokenizer tokenizer, int[] ids) {
        TextStream stream = new TextStream(tokenizer);
        StringBuilder all = new StringBuilder();
        for (int id : ids) {
            String piece = stream.push(id);
            assertThat(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)))
                    .isTrue();
            all.append(piece);
        }
        return all.append(stream.finish()).toString();
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(30); i > 0; i--) {
            int c = random.nextInt(3) == 0 ? random.nextInt(0x110000) : random.nextInt(0x3000);
            text.appendCodePoint(c >= 0xD800 && c < 0xE000 ? 0x1F600 + c % 64 : c);
        }
        return java.text.Normalizer.normalize(text, java.text.Normalizer.Form.NFC);
    }
}
