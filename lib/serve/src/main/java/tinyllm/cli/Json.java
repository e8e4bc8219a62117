package tinyllm.cli;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** JSON for the commands' results. */
final class Json {

    private static final JsonMapper MAPPER = new JsonMapper();

    private Json() {}

    /** One line of JSON for maps, lists, strings, numbers and null. */
    static String write(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** JSON has no NaN: what was not measured is null. */
    static @Nullable Double number(double value) {
        return Double.isFinite(value) ? value : null;
    }

    /** A measurement, without digits that nobody measured. */
    static @Nullable Double rounded(double value, int digits) {
        double scale = Math.pow(10, digits);
        return Double.isFinite(value) ? Double.valueOf(Math.rint(value * scale) / scale) : null;
    }
}
