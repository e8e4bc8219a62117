package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tech.tablesaw.api.Table;
import tinyllm.engine.Completion;
import tinyllm.engine.Conversation;
import tinyllm.engine.Generator;
import tinyllm.sampling.SamplingParams;

/** A conversation of several turns over one cache: what of each prompt was there already (chapter 2.1). */
public final class Turns {

    /**
     * One turn.
     *
     * @param promptTokens the conversation so far, as the model has to see it
     * @param tokensRead what passed through the layers for this turn: the new tokens of the prompt, and the answer but its last token
     */
    public record Turn(
            int turn, String question, String answer, int promptTokens, int tokensRead, double secondsToFirstToken) {}

    private Turns() {}

    /** Asks one question after the other, greedily. */
    public static Table of(Generator generator, int maxTokens, String... questions) {
        List<Map<String, Object>> messages = new ArrayList<>();
        List<Turn> turns = new ArrayList<>();
        try (Conversation talk = generator.conversation()) {
            for (String question : questions) {
                messages.add(Map.of("role", "user", "content", question));
                Completion answer = talk.chat(messages, SamplingParams.GREEDY, maxTokens, piece -> {});
                messages.add(Map.of("role", "assistant", "content", answer.text()));
                turns.add(new Turn(
                        turns.size() + 1,
                        question,
                        answer.text(),
                        answer.promptTokens(),
                        talk.tokensRead(),
                        answer.ttftMs() / 1e3));
            }
        }
        return Tables.of(turns);
    }
}
