package tinyllm.server.openai;

import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/responses}. */
public final class Responses extends Endpoint {

    public Responses(ServedModels models) {
        super(models);
    }

    @Override
    Job read(ObjectNode body, ServedModels models) {
        return ResponsesRequest.read(body, models);
    }
}
