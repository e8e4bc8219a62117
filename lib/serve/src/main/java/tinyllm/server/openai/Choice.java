package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.FinishReason;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One of the answers to a question, while it is written: its prose, its calls, its log-probabilities. */
final class Choice {

    /** A call as far as it is known. */
    static final class Call {
        final String id = Words.id("call_");
        final String name;
        final StringBuilder arguments = new StringBuilder();

        Call(String name) {
            this.name = name;
        }
    }

    final StringBuilder prose = new StringBuilder();
    final List<Call> calls = new ArrayList<>();
    private final @Nullable ToolCalls parser;
    private ArrayNode unsent = JsonNodeFactory.instance.arrayNode();
    final ArrayNode logprobs = JsonNodeFactory.instance.arrayNode();
    int tokens;
    String finishReason = "";

    /** @param parses whether there are tools, so that calls are looked for */
    Choice(boolean parses) {
        this.parser = parses ? new ToolCalls() : null;
    }

    /** The pieces that became certain with a text. */
    List<ToolCalls.Piece> push(String text) {
        if (parser == null) {
            return kept(text.isEmpty() ? List.of() : List.of(new ToolCalls.Piece.Prose(text)));
        }
        return kept(parser.push(text));
    }

    /** The last pieces. */
    List<ToolCalls.Piece> end(FinishReason reason, int count) {
        tokens = count;
        List<ToolCalls.Piece> last = kept(parser == null ? List.of() : parser.finish());
        finishReason = reason == FinishReason.STOP && !calls.isEmpty() ? "tool_calls" : reason.word();
        return last;
    }

    private List<ToolCalls.Piece> kept(List<ToolCalls.Piece> pieces) {
        for (ToolCalls.Piece piece : pieces) {
            switch (piece) {
                case ToolCalls.Piece.Prose said -> prose.append(said.text());
                case ToolCalls.Piece.Begin begin -> calls.add(new Call(begin.name()));
                case ToolCalls.Piece.Arguments more ->
                    calls.get(more.call()).arguments.append(more.json());
                case ToolCalls.Piece.End end -> {}
            }
        }
        return pieces;
    }

    void logprob(ObjectNode entry) {
        logprobs.add(entry);
        unsent.add(entry);
    }

    /** Log-probabilities of tokens whose chunk has not been sent yet. */
    ArrayNode takeLogprobs() {
        ArrayNode taken = unsent;
        unsent = JsonNodeFactory.instance.arrayNode();
        return taken;
    }
}
