package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ChatCommandTest {

    private static final String[] CHAT = {"chat", "--model", Lab.TINY, "--max-tokens", "4", "--temperature", "0"};

    @Test
    void endOfInputEndsIt() {
        Lab lab = Lab.withInput("Hi\n\nAnd now?\n", CHAT).succeeds();
        assertThat(lab.out()).isNotBlank();
        assertThat(lab.err()).contains("/quit");
    }

    @Test
    void resetForgets() {
        String once = Lab.withInput("Hi\n", CHAT).succeeds().out();
        assertThat(Lab.withInput("Hi\n/reset\nHi\n/quit\nHi\n", CHAT).succeeds().out())
                .isEqualTo(once + once);
        assertThat(Lab.withInput("Hi\nHi\n", CHAT).succeeds().out()).isNotEqualTo(once + once);
    }

    @Test
    void systemPromptCounts() {
        String[] told = {"chat", "--model", Lab.TINY, "--max-tokens", "4", "--temperature", "0", "--system", "Be brief."
        };
        assertThat(Lab.withInput("Hi\n", told).succeeds().out())
                .isNotEqualTo(Lab.withInput("Hi\n", CHAT).succeeds().out());
    }

    @Test
    void tooLongForTheContextIsSaidAndForgotten() {
        Lab lab = Lab.withInput("x y ".repeat(200) + "\nHi\n", CHAT).succeeds();
        assertThat(lab.err()).contains("holds 256", "/reset");
        assertThat(lab.out()).isEqualTo(Lab.withInput("Hi\n", CHAT).out());
    }
}
