package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;

class AttentionMapsTest {

    private static final float HIDDEN = Float.NaN;
    private static final float[][] SINK = {{1, HIDDEN, HIDDEN}, {0.9f, 0.1f, HIDDEN}, {0.8f, 0.1f, 0.1f}};
    private static final float[][] BEFORE = {{1, HIDDEN, HIDDEN}, {1, 0, HIDDEN}, {0.1f, 0.8f, 0.1f}};
    private static final float[][] ITSELF = {{1, HIDDEN, HIDDEN}, {0, 1, HIDDEN}, {0, 0, 1}};

    private final AttentionMaps maps = new AttentionMaps(
            "tiny", List.of("The", "·cat", "·it"), new float[][][][] {{SINK, ITSELF}, {SINK, BEFORE}});

    @Test
    void looksPicksTheHeadThatLooksMost() {
        assertThat(maps.looks("it", "cat").text())
                .startsWith("Head 1 of layer 1: \"it\" gives 80 % of its attention to \"cat\"");
    }

    @Test
    void strongestIsSorted() {
        Table table = maps.strongest(" it", "The");

        assertThat(table.stringColumn("share").asList()).containsExactly("80 %", "80 %", "10 %", "0 %");
    }

    @Test
    void aWordThatIsNotThereNamesTheTokens() {
        assertThatThrownBy(() -> maps.looks("it", "dog"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"dog\"")
                .hasMessageContaining("The ·cat");
    }

    @Test
    void nobodyLooksAhead() {
        assertThatThrownBy(() -> maps.looks("cat", "it")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void onFirstIsTheMeanOverLayersHeadsAndLaterQueries() {
        double sink = 0.85;
        double before = 0.55;

        assertThat(maps.onFirstByLayer()).containsExactly(new double[] {sink / 2, (sink + before) / 2}, within(1e-6));
        assertThat(maps.onFirst()).isCloseTo((sink / 2 + (sink + before) / 2) / 2, within(1e-6));
    }

    @Test
    void withoutFirstLosesATokenAndSumsToOne() {
        AttentionMaps rest = maps.withoutFirst();

        assertThat(rest.tokens()).containsExactly("·cat", "·it");
        assertThat(rest.weight(1, 1, 1, 0)).isCloseTo(8 / 9.0, within(1e-6));
        assertThat(rest.weight(1, 1, 0, 1)).isZero();
    }

    @Test
    void everyPictureIsMade() {
        assertThat(maps.map(0, 0).text()).contains("at the first token");
        assertThat(maps.layer(1).png()).isNotEmpty();
        assertThat(maps.grid(0).text()).contains("head 1: itself");
        assertThat(maps.sinks().text()).contains("% of all attention goes to \"The\"");
        assertThat(maps.film().gif()).startsWith('G', 'I', 'F');
    }

    @Test
    void aLayerThatIsNotThere() {
        assertThatThrownBy(() -> maps.grid(2)).hasMessageContaining("layer 2 is not in 0…1");
    }
}
