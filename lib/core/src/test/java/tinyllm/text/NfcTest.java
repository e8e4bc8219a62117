package tinyllm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.text.Normalizer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NfcTest {
    private static final int[] MARKS = {
        0x300, 0x301, 0x316, 0x323, 0x327, 0x334, 0x344, 0x345, 0x5B0, 0x64B, 0x93C, 0x94D, 0x9BE, 0xF39, 0x20D0,
        0x20DD, 0x302A, 0x3099, 0x1D165, 0x1D16E
    };

    @Test
    void sortedRunsAreNormalizedAsTheJdkDoes() {
        Random random = new Random(3);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(300); n > 0; n--) {
                boolean base = random.nextInt(60) == 0;
                text.appendCodePoint(
                        base ? "aeioÅ가か".codePointAt(random.nextInt(7)) : MARKS[random.nextInt(MARKS.length)]);
            }
            assertThat(Nfc.normalize(text.toString())).isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
        }
    }

    @Test
    void composes() {
        assertThat(Nfc.normalize("cafe\u0301")).isEqualTo("caf\u00e9");
        assertThat(Nfc.normalize("plain")).isEqualTo("plain");
    }
}
