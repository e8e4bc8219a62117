package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The plain loop and the fast one give the same tokens, and a foreign loop is looked at. */
class MergeLoopTest {

    private final BpeTokenizer tiny = BpeTokenizer.fromTokenizerJson(Goldens.text("tiny-tokenizer.json"));

    @Test
    void agreesWithTheFastLoop() {
        BpeTokenizer slow = tiny.with(new MergeLoop());
        Random random = new Random(7);
        String letters = "theaweatr iso,.\n世界é🙂";
        for (int i = 0; i < 500; i++) {
            StringBuilder text = new StringBuilder();
            random.ints(random.nextInt(40), 0, letters.codePointCount(0, letters.length()))
                    .map(at -> letters.codePointAt(letters.offsetByCodePoints(0, at)))
                    .forEach(text::appendCodePoint);
            assertThat(slow.encode(text.toString())).as(text.toString()).isEqualTo(tiny.encode(text.toString()));
        }
    }

    @Test
    @SuppressWarnings("NullAway") // a learner's loop may return null all the same
    void aLoopThatChangesTheTextIsStopped() {
        refuses((symbols, merges) -> new int[0], "changed the text");
        refuses((symbols, merges) -> null, "returned null");
        refuses((symbols, merges) -> new int[] {1 << 30}, "returned the token 1073741824");
    }

    private void refuses(MergeFn loop, String message) {
        assertThatThrownBy(() -> tiny.with(loop).encode("weather"))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(message);
    }

    @Test
    void piecesAreTheWholeText() {
        String text = "What's the weather,  in 2026?\n";
        assertThat(String.join("", tiny.pieces(text))).isEqualTo(text);
        assertThat(tiny.pieces(text)).hasSizeGreaterThan(5);
    }

    @Test
    void mergesAreLearntByFrequency() {
        LearnedMerges learned = LearnedMerges.learn("low low low lot", 3);
        assertThat(learned.list()).extracting(LearnedMerges.Merge::text).containsExactly("lo", "low", " low");
        assertThat(learned.list().getFirst().count()).isEqualTo(4);
        int[] cut = new MergeLoop().merge(LearnedMerges.symbols(" lowlo"), learned);
        assertThat(learned.text(cut)).isEqualTo(" lowlo");
        assertThat(cut).containsExactly(258, 256);
        assertThatThrownBy(() -> learned.result('x', 'y')).isInstanceOf(IllegalArgumentException.class);
    }
}
