package tinyllm.sampling.json;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The formats that a schema may name, as patterns of texts that every validator takes: some less than the standard allows. */
final class Formats {

    private static final String DATE = "[1-9]\\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))";
    private static final String TIME =
            "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:0\\d|1[0-3]):[0-5]\\d)";
    private static final String LABEL = "[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?";
    private static final String HOST = LABEL + "(?:\\." + LABEL + "){0,4}";

    /** Validators know the list of top domains; these are on every one. */
    private static final String TOP =
            "(?:com|org|net|edu|gov|info|io|dev|app|de|fr|uk|eu|us|jp|cn|in|br|ca|au|ch|at|nl|be|se|no|fi|dk|es|it|pl|cz|kr|mx)";

    private static final String LOCAL = "[a-z0-9](?:[a-z0-9_+-]{0,18}[a-z0-9])?";
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String GROUP = "[0-9a-f]{1,4}";
    private static final String DURATION_DATE =
            "(?:\\d{1,4}Y(?:\\d{1,2}M(?:\\d{1,3}D)?)?|\\d{1,2}M(?:\\d{1,3}D)?|\\d{1,3}D)";
    private static final String DURATION_TIME =
            "T(?:\\d{1,3}H(?:\\d{1,3}M(?:\\d{1,3}S)?)?|\\d{1,3}M(?:\\d{1,3}S)?|\\d{1,3}S)";

    private static final Map<String, String> PATTERNS = Map.ofEntries(
            Map.entry("date", DATE),
            Map.entry("time", TIME),
            Map.entry("date-time", "(?:" + DATE + ")T" + TIME),
            Map.entry(
                    "duration", "P(?:" + DURATION_DATE + "(?:" + DURATION_TIME + ")?|" + DURATION_TIME + "|\\d{1,3}W)"),
            Map.entry("email", LOCAL + "(?:\\." + LOCAL + "){0,2}@(?:" + LABEL + "\\.){1,3}" + TOP),
            Map.entry("hostname", HOST),
            Map.entry("ipv4", BYTE + "(?:\\." + BYTE + "){3}"),
            Map.entry(
                    "ipv6",
                    "(?:" + GROUP + ":){7}" + GROUP + "|(?:" + GROUP + ":){1,3}(?::" + GROUP + "){1,3}|::(?:" + GROUP
                            + ")?|::1"),
            Map.entry("uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            Map.entry(
                    "uri",
                    "https?://" + HOST
                            + "(?::[1-9]\\d{1,3})?(?:/[A-Za-z0-9._~-]{0,40}){0,8}(?:\\?[A-Za-z0-9=&_.-]{1,60})?"
                            + "(?:#[A-Za-z0-9_-]{1,30})?"));

    private Formats() {}

    /** An anchored pattern, or null when the format is not known. */
    static @Nullable String pattern(String format) {
        String body = PATTERNS.get(format);
        return body == null ? null : "^(?:" + body + ")$";
    }

    static String known() {
        return PATTERNS.keySet().stream()
                .sorted()
                .reduce((x, y) -> x + ", " + y)
                .orElse("");
    }
}
