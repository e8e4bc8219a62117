package tinyllm.lab.chart;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** Labels of a logarithmic axis: 1, 2 and 5 times the powers of ten, or these alone where there are many. */
final class LogLabels {

    private static final double MOST_DECADES = 4.5;
    private static final double LARGE = 1e6;

    private LogLabels() {}

    /** For an axis that shows these values; "no label" is a blank. */
    static Function<Double, String> of(DoubleStream values) {
        DoubleSummaryStatistics range =
                values.filter(v -> v > 0 && Double.isFinite(v)).summaryStatistics();
        boolean all = range.getCount() == 0 || Math.log10(range.getMax() / range.getMin()) <= MOST_DECADES;
        return value -> {
            int leading = leading(value);
            return leading == 1 || all && (leading == 2 || leading == 5) ? text(value) : " ";
        };
    }

    /** The first digit of a value that has no other but zeros, else 0. */
    private static int leading(double value) {
        double digit = value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
        return Math.abs(digit - Math.rint(digit)) < 1e-6 ? (int) Math.rint(digit) : 0;
    }

    private static String text(double value) {
        DecimalFormatSymbols english = DecimalFormatSymbols.getInstance(Locale.ROOT);
        return new DecimalFormat(value < LARGE ? "#,##0.######" : "0E0", english).format(value);
    }
}
