package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import tinyllm.arrays.LoopMatmul;
import tinyllm.arrays.Planes;
import tinyllm.lab.view.Picture;
import tinyllm.sampling.Choice;
import tinyllm.tensor.DType;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.text.Bigram;
import tinyllm.text.BpeTokenizer;

/** The pictures of chapters 0.1 and 0.2 say what is the case. */
class WeekZeroViewsTest {

    /** Bytes alone, and one merge: t and h. */
    private static final BpeTokenizer TINY = BpeTokenizer.fromTokenizerJson(tokenizer());

    @Test
    void axesSayWhatTheyAre() {
        assertThat(Axes.of(Tensor.arange(24).reshape(2, 3, 4), "text", "token", "feature")
                        .text())
                .isEqualTo("[2, 3, 4]: 2 × text, 3 × token, 4 × feature.");
        assertThatThrownBy(() -> Axes.of(Tensor.arange(100), "number")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Axes.of(Tensor.arange(4))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aGraphShrinksWhenAPartIsComputed() {
        Tensor x = Tensor.of(new float[] {1, 2, 3});
        Tensor e = x.exp();
        Tensor y = e.div(e.sum());
        assertThat(GraphView.of("y", y).text()).contains("operations wait").contains("Exp");
        e.eval();
        assertThat(GraphView.of(Map.of("y", y, "x", x)).text())
                .doesNotContain("Exp")
                .contains("Sum");
        y.eval();
        assertThat(GraphView.of("y", y).text()).startsWith("Nothing left to compute");
    }

    @Test
    void memoryIsCountedFromTheStart() {
        MemoryWatch watch = new MemoryWatch();
        Tensor a = Tensor.ones(DType.F32, 512, 1024);
        watch.note("promised");
        a.eval();
        watch.note("computed");
        Scope.of(() -> {
            a.add(1).eval();
            watch.note("inside");
            return a;
        });
        watch.note("after");
        var moments = watch.moments();
        assertThat(moments.get(1).activeMb() - moments.get(0).activeMb()).isGreaterThan(1.5);
        assertThat(moments.get(3).activeMb()).isLessThan(moments.get(2).activeMb());
        assertThat(moments.get(3).peakMb())
                .isGreaterThanOrEqualTo(moments.get(2).activeMb());
        assertThat(watch.chart()).isInstanceOf(Picture.class);
    }

    @Test
    void aPhotoComesBack() {
        assertThat(Photo.sunset(12, 16).planes(new Planes()).text()).contains("every number is back");
        assertThatThrownBy(() -> Photo.sunset(2, 2)).hasMessageContaining("8 to 512");
    }

    @Test
    void productsAreTimed() {
        MatmulCost cost = MatmulCost.of(8, 16).with("loops", LoopMatmul::new);
        assertThat(cost.points()).hasSize(4).allMatch(point -> point.gflops() > 0);
        assertThat(cost.chart("nothing").text()).contains("loops").contains("ceiling");
        assertThatThrownBy(() -> MatmulCost.of(4)).hasMessageContaining("8 to 1024");
    }

    @Test
    void tokensAreCutAndMerged() {
        assertThat(TokenCut.of(TINY, "the th").text()).isEqualTo("6 characters, 6 bytes, 4 tokens: th|e|␣|th");
        assertThat(MergeTree.of(TINY, "that", tinyllm.text.MergeLoop::new).text())
                .isEqualTo("4 bytes, 1 merges, 3 tokens: th | a | t.");
        assertThat(MergeTree.of(TINY, "that", () -> (symbols, merges) -> symbols)
                        .text())
                .as("a loop that merges nothing gets its own tree")
                .isEqualTo("4 bytes, 0 merges, 4 tokens: t | h | a | t.");
        assertThatThrownBy(() -> MergeTree.of(TINY, "two words", tinyllm.text.MergeLoop::new))
                .hasMessageContaining("2 pieces");
    }

    @Test
    void bigramsWriteWhatTheyHaveSeen() {
        BigramText bigrams = BigramText.of(TINY, "abababab", Bigram::new);
        assertThat(bigrams.summary()).startsWith("8 tokens, 2 of them different; 2 different pairs");
        assertThat(bigrams.write("a", 5, Choice::new, 1)).isEqualTo("ababab");
        assertThat(bigrams.table(4).text()).contains("is followed by");
        assertThatThrownBy(() -> bigrams.followers("z", 3)).hasMessageContaining("nothing ever followed");
    }

    @Test
    void languagesAreComparedWithEnglish() {
        var costs = Languages.of(TINY).costs();
        assertThat(costs).hasSize(13);
        assertThat(costs.getFirst().timesEnglish()).isEqualTo(1);
        assertThat(costs).allMatch(cost -> cost.tokensPerByte() > 0 && cost.tokensPerByte() <= 1);
        assertThatThrownBy(() -> Languages.sentence("Klingon")).hasMessageContaining("English");
    }

    private static String tokenizer() {
        StringBuilder vocabulary = new StringBuilder();
        for (int b = 0; b < 256; b++) {
            boolean visible = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            int low = b <= ' ' ? b : b <= 0xA0 ? 33 + b - 127 : 67;
            String letter = visible ? Character.toString(b) : Character.toString(0x100 + low);
            vocabulary
                    .append(letter.equals("\"") || letter.equals("\\") ? "\"\\" : "\"")
                    .append(letter);
            vocabulary.append("\":").append(b).append(',');
        }
        return """
            {"model": {"type": "BPE", "vocab": {%s "th": 256}, "merges": ["t h"]},
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
             "decoder": {"type": "ByteLevel"}}\
            """.formatted(vocabulary);
    }
}
