package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tinyllm.text.ByteTokenizer;

class ConstraintsTest {

    /** What the first request with a schema would have waited for. */
    @Test
    void warmsUp() {
        Constraints constraints = new Constraints(ByteTokenizer.create());
        assertThat(constraints.isWarm()).isFalse();
        constraints.warmUp();
        assertThat(constraints.isWarm()).isTrue();
    }
}
