package tinyllm.server.openai;

import tinyllm.server.http.Exchange;
import tinyllm.server.http.Handler;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models}, and each of them by {@code GET /v1/models/NAME}. */
public final class ModelList implements Handler {
    private static final String PATH = "/v1/models";

    private final ServedModels models;

    public ModelList(ServedModels models) {
        this.models = models;
    }

    @Override
    public void handle(Exchange exchange) {
        String path = exchange.path();
        ObjectNode answer = path.equals(PATH)
                ? all(models)
                : one(models.get(path.substring(Math.min(path.length(), PATH.length() + 1))));
        exchange.answer(200, Endpoint.JSON, Words.utf8(RequestJson.write(answer)));
    }

    static ObjectNode all(ServedModels models) {
        ObjectNode list = Words.object().put("object", "list");
        ArrayNode data = list.putArray("data");
        models.all().forEach(model -> data.add(one(model)));
        return list;
    }

    /** The context under both names that clients look for. */
    static ObjectNode one(ServedModel model) {
        return Words.object()
                .put("id", model.name())
                .put("object", "model")
                .put("created", model.created())
                .put("owned_by", "tinyllm")
                .put("max_model_len", model.context())
                .put("context_length", model.context());
    }
}
