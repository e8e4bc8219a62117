package tinyllm.sampling.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The machine finds a pattern where {@link Pattern} finds it. */
class RegexTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "^a*b$",
                "a|b",
                "^(ab|a)(bc|c)?$",
                "^[a-c]{2,3}$",
                "^[^ab]+$",
                "ab?c",
                "^(?:a{2}|b){1,3}$",
                "^\\d+\\.?\\d*$",
                "^\\w\\W$",
                "é",
                "^.é$",
                "^(a|b)*abb$",
                "^$",
                "",
                "^[\\d\\-x]+$",
                "c$",
                "^a|b$",
                "(a+)+$",
                "^\\x61\\u0062$",
                "[é-ü]",
                "^(a*)*$"
            })
    void agreesWithTheJdk(String pattern) {
        Machine machine = new Machine(Grammar.of(Regex.parse(pattern, Utf8::of)));
        Pattern oracle = Pattern.compile(pattern);
        Random random = new Random(7);
        String letters = "aabbcc12.-_ xéü€😀";
        int[] points = letters.codePoints().toArray();
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int k = random.nextInt(7); k > 0; k--) {
                text.appendCodePoint(points[random.nextInt(points.length)]);
            }
            assertThat(takes(machine, text.toString()))
                    .as("%s on \"%s\"", pattern, text)
                    .isEqualTo(oracle.matcher(text).find());
        }
    }

    static boolean takes(Machine machine, String text) {
        Machine.State state = machine.start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            state = state == null ? null : state.next(b & 255);
        }
        return state != null && state.ends();
    }
}
