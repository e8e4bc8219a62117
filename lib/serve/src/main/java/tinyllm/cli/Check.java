package tinyllm.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing that the lab needs or can use.
 *
 * @param found what is there
 * @param advice what to do about a lack; null when nothing is missing
 */
record Check(
        String name,
        Verdict verdict,
        String found,
        @Nullable String advice) {

    enum Verdict {
        OK,
        /** Works, with less than there could be. */
        LESS,
        /** The lab cannot do its work without it. */
        MISSING
    }

    static Check ok(String name, String found) {
        return new Check(name, Verdict.OK, found, null);
    }

    static Check less(String name, String found, String advice) {
        return new Check(name, Verdict.LESS, found, advice);
    }

    static Check missing(String name, String found, String advice) {
        return new Check(name, Verdict.MISSING, found, advice);
    }

    Map<String, Object> json() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("verdict", verdict.name().toLowerCase(Locale.ROOT));
        json.put("found", found);
        json.put("advice", advice);
        return json;
    }
}
