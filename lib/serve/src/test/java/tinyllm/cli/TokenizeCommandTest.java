package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Tag("slow")
class TokenizeCommandTest {

    private static final int IM_START = 261;

    @ParameterizedTest
    @ValueSource(strings = {"Hello", "in the end", "x = 'é' // 漢字 🚀\n\t", "<|im_start|>user"})
    void thereAndBack(String text) {
        String ids = ids(text).valueStream().map(JsonNode::asString).collect(Collectors.joining(","));
        Lab back = Lab.run("detokenize", "--model", Lab.TINY, "--tokens", ids, "--json")
                .succeeds();
        assertThat(back.json("detokenize").get("text").asString()).isEqualTo(text);
        assertThat(Lab.run("detokenize", "--model", Lab.TINY, "--tokens", ids).out())
                .isEqualTo(text + System.lineSeparator());
    }

    @Test
    void usersTextHasNoSpecialTokens() {
        assertThat(ids("<|im_start|>").valueStream().map(JsonNode::asInt)).doesNotContain(IM_START);
    }

    @Test
    void special() {
        assertThat(ids("<|im_start|>", "--special").valueStream().map(JsonNode::asInt))
                .containsExactly(IM_START);
    }

    @Test
    void specialAsItsText() {
        Lab lab = Lab.run("detokenize", "--model", Lab.TINY, "--tokens", "" + IM_START, "--json");
        assertThat(lab.json("detokenize").get("text").asString()).isEqualTo("<|im_start|>");
    }

    @Test
    void emptyText() {
        assertThat(ids("").size()).isZero();
    }

    @Test
    void plain() {
        String merged = Lab.run("tokenize", "--model", Lab.TINY, "--text", " the")
                .succeeds()
                .out();
        assertThat(merged.strip()).isEqualTo("259");
    }

    private static JsonNode ids(String text, String... more) {
        String[] args = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of("tokenize", "--model", Lab.TINY, "--text", text, "--json"),
                        java.util.stream.Stream.of(more))
                .toArray(String[]::new);
        return Lab.run(args).succeeds().json("tokenize").get("tokens");
    }
}
