package tinyllm.server.openai;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Completion;
import tinyllm.engine.FinishReason;
import tinyllm.engine.Token;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the answer of one protocol out of tokens: events while they come, and one object at the end. It is told of everything in order,
 * by one thread, whether the answer is streamed or not.
 */
interface AnswerWriter {

    /** Events before the first token. */
    List<ObjectNode> begin();

    /** Events of a token of one of the n answers. */
    List<ObjectNode> token(int choice, Token token);

    /**
     * Events when one of them has ended, with stop or length.
     *
     * @param cached tokens of its prompt that the prefix cache knew
     */
    List<ObjectNode> end(int choice, FinishReason reason, Completion done, int cached);

    /** Events when all have ended. */
    List<ObjectNode> finish();

    /** The whole answer. */
    ObjectNode whole();

    /** The event of a failure in the middle, where the protocol has one of its own: nothing comes after it. Null for the usual one. */
    @Nullable
    ObjectNode failed(HttpException problem);

    /** Whether events carry their type as a name, instead of the stream ending with {@code [DONE]}. */
    boolean namesEvents();
}
