package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** One look for all pictures: an opaque light card, legible on light and dark pages, in colours that every eye tells apart. */
public final class Theme {

    public static final Color CARD = Color.WHITE;
    public static final Color INK = new Color(0x22, 0x22, 0x22);
    public static final Color FAINT = new Color(0x77, 0x77, 0x77);
    public static final Color GUESS = new Color(0xD5, 0x5E, 0x00);
    public static final Color GRID = new Color(0xdd, 0xdd, 0xdd);

    /** Okabe and Ito's colours, without their yellow, which is too light on a white card. */
    private static final Color[] SERIES = {
        new Color(0x00, 0x72, 0xB2),
        new Color(0xD5, 0x5E, 0x00),
        new Color(0x00, 0x9E, 0x73),
        new Color(0xCC, 0x79, 0xA7),
        new Color(0xE6, 0x9F, 0x00),
        new Color(0x56, 0xB4, 0xE9),
        new Color(0x22, 0x22, 0x22)
    };

    private static final BasicStroke LINE = new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);

    /** The learner's guess, in every chart. */
    public static final BasicStroke DASHED =
            new BasicStroke(1.6f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10f, new float[] {6f, 5f}, 0f);

    private Theme() {}

    public static Font font(double size) {
        return new Font(Font.SANS_SERIF, Font.PLAIN, 1).deriveFont((float) size);
    }

    public static Font bold(double size) {
        return new Font(Font.SANS_SERIF, Font.BOLD, 1).deriveFont((float) size);
    }

    /** The colour of the i-th series. */
    public static Color series(int i) {
        return SERIES[i % SERIES.length];
    }

    /** Dresses one of XChart's charts. */
    static void apply(Chart<? extends AxesChartStyler, ?> chart, boolean legend) {
        AxesChartStyler style = chart.getStyler();
        style.setPlotGridLinesColor(GRID)
                .setAxisTickLabelsFont(font(11))
                .setAxisTitleFont(font(12))
                .setAxisTickLabelsColor(INK)
                .setAxisTickMarksColor(FAINT);
        style.setChartBackgroundColor(CARD)
                .setPlotBackgroundColor(CARD)
                .setPlotBorderColor(FAINT)
                .setChartFontColor(INK)
                .setChartTitleFont(bold(13))
                .setChartTitleBoxVisible(false)
                .setLegendFont(font(11))
                .setLegendBorderColor(CARD)
                .setLegendPosition(LegendPosition.OutsideS)
                .setLegendLayout(org.knowm.xchart.style.Styler.LegendLayout.Horizontal)
                .setLegendVisible(legend)
                .setMarkerSize(5);
        style.setSeriesColors(SERIES).setSeriesLines(new BasicStroke[] {LINE}).setSeriesMarkers(markers());
    }

    private static Marker[] markers() {
        return new Marker[] {
            SeriesMarkers.CIRCLE, SeriesMarkers.SQUARE, SeriesMarkers.DIAMOND, SeriesMarkers.TRIANGLE_UP
        };
    }
}
