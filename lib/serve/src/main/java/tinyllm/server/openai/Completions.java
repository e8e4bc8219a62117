package tinyllm.server.openai;

import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/completions}. */
public final class Completions extends Endpoint {

    public Completions(ServedModels models) {
        super(models);
    }

    @Override
    Job read(ObjectNode body, ServedModels models) {
        return CompletionRequest.read(body, models);
    }
}
