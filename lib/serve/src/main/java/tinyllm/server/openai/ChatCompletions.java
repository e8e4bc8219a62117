package tinyllm.server.openai;

import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/chat/completions}. */
public final class ChatCompletions extends Endpoint {

    public ChatCompletions(ServedModels models) {
        super(models);
    }

    @Override
    Job read(ObjectNode body, ServedModels models) {
        return ChatRequest.read(body, models);
    }
}
