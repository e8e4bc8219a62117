package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tech.tablesaw.api.Table;
import tinyllm.lab.chart.BarPainter;
import tinyllm.lab.chart.LinePainter;
import tinyllm.lab.chart.LinePainter.Level;
import tinyllm.lab.chart.LinePainter.Series;
import tinyllm.lab.view.Html;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

class PicturesTest {

    record Row(String name, int count, double share) {}

    private static BufferedImage image(Picture picture) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(picture.png()));
    }

    @Test
    void doubleResolutionOnAnOpaqueCard() throws IOException {
        Picture picture = Charts.heatmap("eye", Tensor.eye(4), List.of("a", "b", "c", "d"));
        BufferedImage image = image(picture);

        assertThat(image.getWidth()).isEqualTo(2 * picture.width());
        assertThat(image.getColorModel().hasAlpha()).isFalse();
        assertThat(image.getRGB(1, 1)).isEqualTo(0xffffffff);
    }

    @Test
    void theLargestCellIsTheLightest() throws IOException {
        float[] values = new float[16];
        values[6] = 1; // row 1, column 2
        Picture picture = Charts.heatmap("one", Tensor.of(values, 4, 4));

        assertThat(picture.text()).contains("4 × 4", "the largest at row 1, column 2");
        assertThat(pixels(image(picture), 0xfde725)).isGreaterThan(2_000);
        assertThat(pixels(image(picture), 0x440154)).isGreaterThan(14 * pixels(image(picture), 0xfde725));
    }

    @Test
    void whatIsNotFiniteIsGreyAndSaid() throws IOException {
        Tensor x = Tensor.of(new float[] {0, Float.NaN, Float.NEGATIVE_INFINITY, 1}, 2, 2);
        Picture picture = Charts.heatmap("masked", x);

        assertThat(picture.text()).contains("2 are not finite");
        assertThat(pixels(image(picture), 0xc8c8c8)).isGreaterThan(4_000);
    }

    private static long pixels(BufferedImage image, int rgb) {
        return IntStream.range(0, image.getWidth() * image.getHeight())
                .filter(i -> (image.getRGB(i % image.getWidth(), i / image.getWidth()) & 0xffffff) == rgb)
                .count();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 25, 26, 300})
    void anyNumberOfTokens(int n) {
        List<String> labels = IntStream.range(0, n).mapToObj(i -> "token" + i).toList();

        assertThat(Charts.attention("n", Tensor.normal(1, n, n), labels).png().length)
                .isGreaterThan(500);
    }

    @Test
    void labelsThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> Charts.heatmap("x", Tensor.eye(3), List.of("a", "b")))
                .hasMessageContaining("2 labels for 3");
        assertThatThrownBy(() -> Charts.heatmap("x", Tensor.normal(1, 2, 2, 2))).hasMessageContaining("[2, 2, 2]");
    }

    @Test
    void aGridNamesTheLargestOfEachMap() {
        assertThat(Charts.heads("heads", Tensor.normal(1, 3, 4, 4)).text())
                .contains("3 maps", "head 0: 4 × 4", "head 2");
        assertThatThrownBy(() -> Charts.heads("heads", Tensor.eye(3))).hasMessageContaining("[N, R, C]");
    }

    @Test
    void linesTellTheirEnds() {
        Picture picture = Charts.plot("Time", "tokens", "ms")
                .series("no cache", new double[] {1, 4, 9})
                .level("ceiling", 2)
                .picture();

        assertThat(picture.text()).isEqualTo("Time: no cache from 1 to 9; ceiling; ms by tokens.");
        assertThatThrownBy(() -> Charts.plot("t", "x", "y").picture()).hasMessageContaining("no series");
        assertThatThrownBy(() -> Charts.plot("t", "x", "y")
                        .series("s", new double[] {0})
                        .logY()
                        .picture())
                .hasMessageContaining("logarithmic");
        assertThatThrownBy(() -> Charts.plot("t", "x", "y").series("s", new double[] {1}, new double[] {1, 2}))
                .hasMessageContaining("as many x as y");
    }

    /** The most runs of the guess's colour in one row or column of the picture: a dashed line has many, a bar or a plain line one. */
    private static int dashes(BufferedImage image, boolean upright) {
        int most = 0;
        int across = upright ? image.getWidth() : image.getHeight();
        int along = upright ? image.getHeight() : image.getWidth();
        for (int i = 0; i < across; i++) {
            int runs = 0;
            boolean before = false;
            for (int j = 0; j < along; j++) {
                boolean now = (image.getRGB(upright ? i : j, upright ? j : i) & 0xffffff) == 0xD55E00;
                runs += now && !before ? 1 : 0;
                before = now;
            }
            most = Math.max(most, runs);
        }
        return most;
    }

    @Test
    void aGuessIsDashedInEveryKindOfChart() throws IOException {
        List<Series> line = List.of(new Series("measured", new double[] {0, 1, 2}, new double[] {1, 2, 9}, true));
        Level flat = new Level("your guess: 4 ms", 4, true);
        Level upright = new Level("your guess: 1 token", 1, true, true);

        assertThat(dashes(image(LinePainter.paint("t", "x", "y", line, List.of(flat), false, false, "t")), false))
                .isGreaterThan(20);
        assertThat(dashes(image(LinePainter.paint("t", "x", "y", line, List.of(upright), false, false, "t")), true))
                .isGreaterThan(8);
        assertThat(dashes(image(LinePainter.paint("t", "x", "y", line, List.of(), false, false, "t")), false))
                .isZero();
        Map<String, double[]> bars = Map.of("kept", new double[] {1, 7, 3});
        assertThat(dashes(
                        image(BarPainter.paint("t", "x", "y", List.of("a", "b", "c"), bars, List.of(flat), "t")),
                        false))
                .isGreaterThan(12);
    }

    @Test
    void equalTokensAreTwoBars() {
        Picture picture = Charts.bars("Next", "token", "p", List.of("␣a", "␣a", "b"), 0.2, 0.5, 0.3);

        assertThat(picture.text()).contains("p is largest at ␣a (0.500)");
    }

    @Test
    void aHistogramCountsWhatItLeavesOut() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, Float.NaN}, 4);

        assertThat(Charts.histogram("h", "x", x, 3).text())
                .isEqualTo("h: 3 values from 1 to 3, and 1 that are not finite.");
        assertThatThrownBy(() -> Charts.histogram("h", "x", x, 0)).hasMessageContaining("1 to 200 bins");
    }

    @Test
    void tablesOfRecords() {
        Table table = Tables.of(List.of(new Row("a<b", 1, 0.5), new Row("c", 2, 0.25)));

        assertThat(table.columnNames()).containsExactly("name", "count", "share");
        assertThat(Tables.rich(table).html()).contains("a&lt;b", ">0.5000<").doesNotContain("a<b");
        assertThat(Tables.rich(table).text()).contains("a<b");
        assertThatThrownBy(() -> Tables.of(List.of())).hasMessageContaining("at least one record");
    }

    @Test
    void longTablesAreCut() {
        Table table =
                Tables.of("long", Map.of("i", IntStream.range(0, 80).boxed().toList()));

        assertThat(Tables.rich(table).html()).contains("… 30 more rows");
    }

    @Test
    void tokensAreVisible() {
        assertThat(Tokens.label(" the\n\t".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isEqualTo("␣the↵⇥");
        assertThat(Tokens.label(new byte[] {(byte) 0xe6, (byte) 0x97})).isEqualTo("⟨E6 97⟩");
        assertThat(Tokens.label("中".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isEqualTo("中");
        assertThat(Tokens.label("\u202e\u0000".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isEqualTo("U+202EU+0000");
    }

    @Test
    void modelTextIsEscapedInColouredTokens() {
        Html html = Tokens.colored(
                List.of("<img onerror=x>", "</div>", "\u202eabc"),
                new double[] {1, 0, Double.NaN},
                List.of("\"a\"", "b", "c"));

        assertThat(html.html()).doesNotContain("<img", "onerror=x>").contains("&lt;img", "&lt;/div&gt;", "[U+202E]");
        assertThat(html.html()).contains("title=\"100.0 %\n&quot;a&quot;\"", "rgb(255,255,255)", "rgb(255,159,60)");
        assertThatThrownBy(() -> Tokens.colored(List.of("a"), new double[2], List.of()))
                .hasMessageContaining("1 pieces");
    }
}
