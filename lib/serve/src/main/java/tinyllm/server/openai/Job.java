package tinyllm.server.openai;

import java.util.List;
import tinyllm.engine.EngineRequest;

/**
 * A request that was understood.
 *
 * @param requests one for each answer that is wanted
 * @param writer of this answer alone
 */
record Job(ServedModel model, List<EngineRequest> requests, boolean streams, AnswerWriter writer) {
    Job {
        requests = List.copyOf(requests);
    }
}
