package tinyllm.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.sampling.grammar.Expr;
import tinyllm.sampling.grammar.Grammar;
import tinyllm.sampling.grammar.GrammarJoin;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.text.ByteTokenizer;
import tinyllm.text.Tokenizer;

/** Free until the mark, held behind it, free again. */
class CallConstraintTest {
    private static final Tokenizer BYTES = ByteTokenizer.create();

    private static CallConstraint start(boolean many) {
        GrammarJoin join = new GrammarJoin();
        Expr first = join.add(JsonSchema.compile("{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}"));
        Expr second = join.add(JsonSchema.compile("{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#\"}}"));
        Grammar call = join.whole(Expr.seq(Expr.choice(first, second), Expr.text("</call>")));
        JsonConstraint.Ready held = new JsonConstraint.Ready(call, TokenTrie.of(BYTES), BYTES);
        return new CallConstraint.Ready("<call>", held, many, BYTES).start();
    }

    private static CallConstraint after(String text, boolean many) {
        CallConstraint constraint = start(many);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            assertThat(constraint.allowed(1000).has(b & 255))
                    .as("'%c' of %s", b, text)
                    .isTrue();
            constraint.accept(b & 255);
        }
        return constraint;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "any text {", "<call", "<call <cal", "<call>[[],[]]</call>", "<call>{}</call> and <c"})
    void free(String text) {
        CallConstraint constraint = after(text, true);
        assertThat(constraint.free()).isTrue();
        assertThat(constraint.mayEnd()).isTrue();
        assertThat(constraint.allowed(5).size()).isEqualTo(BYTES.vocabSize());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<call>", "a<<call>[", "<call>[[]", "<call>[]</call", "<call>[]</call><call>{\"a\":{}"})
    void held(String text) {
        CallConstraint constraint = after(text, true);
        assertThat(constraint.free()).isFalse();
        assertThat(constraint.mayEnd()).isFalse();
        assertThat(constraint.allowed(50).has('x')).isFalse();
        assertThatThrownBy(() -> constraint.accept('x')).hasMessageContaining("may not come next");
    }

    /** Two grammars with rules of the same numbers do not mix. */
    @Test
    void partsKeepTheirRules() {
        assertThat(after("<call>[[", true).allowed(50).has('{')).isFalse();
        assertThat(after("<call>{\"a\":", true).allowed(50).has('[')).isFalse();
    }

    @Test
    void onlyOne() {
        CallConstraint constraint = after("<call>[]</call>", false);
        assertThat(constraint.free()).isFalse();
        assertThat(constraint.mayEnd()).isTrue();
        assertThat(constraint.allowed(50).isEmpty()).isTrue();
    }

    /** A call that has begun is closed in time. */
    @Test
    void nearTheEndItCloses() {
        CallConstraint constraint = after("<call>[[", true);
        StringBuilder text = new StringBuilder();
        for (int left = 9; left > 0; left--) {
            int id = constraint.allowed(left).ids().findFirst().orElseThrow();
            text.append((char) id);
            constraint.accept(id);
        }
        assertThat(text).hasToString("]]</call>");
    }
}
