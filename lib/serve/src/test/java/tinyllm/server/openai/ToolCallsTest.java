package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.server.openai.ToolCalls.Piece;

/** Wherever a text is cut into pieces, the same prose and the same calls come out. */
class ToolCallsTest {

    /** As one line: prose as it is, calls as {@code [name|arguments]}; pieces that belong together are joined. */
    private static String shown(List<Piece> pieces) {
        StringBuilder text = new StringBuilder();
        for (Piece piece : pieces) {
            switch (piece) {
                case Piece.Prose prose -> text.append(prose.text());
                case Piece.Begin begin -> text.append('[').append(begin.name()).append('|');
                case Piece.Arguments arguments -> text.append(arguments.json());
                case Piece.End end -> text.append(']');
            }
        }
        return text.toString();
    }

    private static String read(String text, Random cuts) {
        ToolCalls calls = new ToolCalls();
        List<Piece> pieces = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            int end = Math.min(text.length(), at + 1 + cuts.nextInt(12));
            pieces.addAll(calls.push(text.substring(at, end)));
            at = end;
        }
        pieces.addAll(calls.finish());
        return shown(pieces);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "plain text, a < b, <tool~plain text, a < b, <tool",
                "ends with blanks  \\n~ends with blanks  \\n",
                "<tool_call>\\n{'name': 'f', 'arguments': {'a': [1, {'b': '}'}]}}\\n</tool_call>~[f|{'a': [1, {'b': '}'}]}]",
                "Let me see.\\n<tool_call>\\n{'name': 'f', 'arguments': {}}\\n</tool_call>~Let me see.[f|{}]",
                "<tool_call>\\n{'name': 'f', 'arguments': {'q': 'a\\\\'b</tool_call>'}}\\n</tool_call>~[f|{'q': 'a\\\\'b</tool_call>'}]",
                "<tool_call>{'name':'f','arguments':{}}</tool_call>\\n<tool_call>\\n{'name': 'g', 'arguments': {'x': 1}}\\n</tool_call>\\n~[f|{}][g|{'x': 1}]",
                "<tool_call>\\nnonsense\\n</tool_call> and more~<tool_call>\\nnonsense\\n</tool_call> and more",
                "<tool_call>\\n{'name': 'f', 'arguments': {'a': 'cut he~[f|{'a': 'cut he]",
                "<tool_call>\\n{'name': 'f~<tool_call>\\n{'name': 'f",
                "<tool_call>\\n{'name': 'f', 'arguments': 12}\\n</tool_call>~[f|12]",
            })
    void textIsTakenApart(String written, String expected) {
        String text = written.replace("\\\\", "\u0001")
                .replace("\\n", "\n")
                .replace('\'', '"')
                .replace('\u0001', '\\');
        String wanted = expected.replace("\\\\", "\u0001")
                .replace("\\n", "\n")
                .replace('\'', '"')
                .replace('\u0001', '\\');
        for (int seed = 0; seed < 200; seed++) {
            assertThat(read(text, new Random(seed))).as("seed %d", seed).isEqualTo(wanted);
        }
    }

    /** Prose is not held back longer than it may be the begin of a call. */
    @Test
    void proseComesAtOnce() {
        ToolCalls calls = new ToolCalls();
        assertThat(shown(calls.push("Hello <b>"))).isEqualTo("Hello <b>");
        assertThat(shown(calls.push(" x <tool_"))).isEqualTo(" x");
        assertThat(shown(calls.push("box>"))).isEqualTo(" <tool_box>");
        assertThat(shown(calls.push("\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\"")))
                .isEqualTo("[f|{\"a\"");
        assertThat(shown(calls.push(": 1}"))).as("arguments stream").isEqualTo(": 1}");
    }
}
