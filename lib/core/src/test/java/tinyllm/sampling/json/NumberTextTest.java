package tinyllm.sampling.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.sampling.grammar.Grammar;
import tinyllm.sampling.grammar.Machine;

/** A number is written exactly when it lies between the ends. */
class NumberTextTest {

    @ParameterizedTest
    @CsvSource({
        "-1.5, true, 2.25, false", "0, false, 1, false", "0.001, true, 0.002, true", "-3, true, 0, false",
                "-0.5, false, -0.25, true",
        "9.99, true, 10.01, true", "99, false, 1000, true", "0, true, 0.5, true", "-10, true, 10, true",
                "7, true, 7, true",
        "-0.75, true, -0.5, true", "1.25, false, 1.3, false"
    })
    void takesExactlyTheInterval(BigDecimal low, boolean withLow, BigDecimal high, boolean withHigh) {
        NumberText.End from = new NumberText.End(low, withLow);
        NumberText.End to = new NumberText.End(high, withHigh);
        Machine numbers = new Machine(Grammar.of(NumberText.number(from, to, NumberText.Places.apart(from, to))));
        Random random = new Random(3);
        for (int i = 0; i < 4_000; i++) {
            BigDecimal value = near(random, low, high);
            boolean inside = inside(value, low, withLow, high, withHigh);
            String text = value.toPlainString();
            assertThat(takes(numbers, text))
                    .as("%s between %s and %s", text, from, to)
                    .isEqualTo(inside);
        }
    }

    /** What lies inside as a decimal lies inside as a double, too. */
    @ParameterizedTest
    @CsvSource({
        "100, 200, 100.000000000001, true",
        "100, 200, 100.000000000000001, false",
        "100, 200, 199.999999999999, true",
        "100, 200, 199.999999999999999, false",
        "100, 200, 150.123456789012, true",
        "0, 1, 0.000000000000001, true",
        "0, 1, 0.999999999999999, true",
        "-100, 0, -99.9999999999999, true",
        "-100, 0, -99.99999999999999999, false",
        "0, 1000000, 123456.5, true",
    })
    void writesNoMoreDigitsThanADoubleTells(BigDecimal low, BigDecimal high, String text, boolean taken) {
        NumberText.End from = new NumberText.End(low, false);
        NumberText.End to = new NumberText.End(high, false);
        Machine numbers = new Machine(Grammar.of(NumberText.number(from, to, NumberText.Places.apart(from, to))));
        assertThat(takes(numbers, text)).isEqualTo(taken);
        double value = Double.parseDouble(text);
        assertThat(taken && (value <= low.doubleValue() || value >= high.doubleValue()))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "-12, true, 34, false",
        "0, true, 0, true",
        "99, false, 1001, true",
        "-5, true, -2, true",
        "1.5, true, 7.5, true"
    })
    void integersToo(BigDecimal low, boolean withLow, BigDecimal high, boolean withHigh) {
        Machine integers = new Machine(
                Grammar.of(NumberText.integer(new NumberText.End(low, withLow), new NumberText.End(high, withHigh))));
        for (int value = -1_200; value <= 1_200; value++) {
            boolean inside = inside(BigDecimal.valueOf(value), low, withLow, high, withHigh);
            assertThat(takes(integers, Integer.toString(value))).as("%d", value).isEqualTo(inside);
        }
        assertThat(takes(integers, "-0")).isFalse();
        assertThat(takes(integers, "01")).isFalse();
    }

    private static BigDecimal near(Random random, BigDecimal low, BigDecimal high) {
        BigDecimal end = random.nextBoolean() ? low : high;
        int places = random.nextInt(5);
        BigDecimal off = BigDecimal.valueOf(random.nextInt(61) - 30, places);
        BigDecimal value = end.add(off);
        return value.signum() == 0 ? BigDecimal.ZERO : value;
    }

    private static boolean inside(
            BigDecimal value, BigDecimal low, boolean withLow, BigDecimal high, boolean withHigh) {
        int above = value.compareTo(low);
        int below = value.compareTo(high);
        return (above > 0 || above == 0 && withLow) && (below < 0 || below == 0 && withHigh);
    }

    private static boolean takes(Machine machine, String text) {
        Machine.State state = machine.start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            state = state == null ? null : state.next(b & 255);
        }
        return state != null && state.ends();
    }
}
