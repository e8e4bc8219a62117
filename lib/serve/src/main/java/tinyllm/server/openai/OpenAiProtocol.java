package tinyllm.server.openai;

import java.time.Instant;
import java.util.List;
import tinyllm.engine.Engine;
import tinyllm.model.CausalLm;
import tinyllm.server.Protocol;
import tinyllm.server.http.Routes;

/** What OpenAI's clients ask for, of one model under one name. */
public final class OpenAiProtocol implements Protocol {
    private final String name;
    private final CausalLm model;

    /**
     * @param name that clients call the model by, exactly
     * @param model of the engine whose routes are asked for
     */
    public OpenAiProtocol(String name, CausalLm model) {
        this.name = name;
        this.model = model;
    }

    @Override
    public Routes routes(Engine engine) {
        ServedModel served = new ServedModel(name, model, engine, Instant.now().getEpochSecond());
        Thread.ofPlatform()
                .name("tinyllm-constraints")
                .daemon()
                .priority(Thread.MIN_PRIORITY)
                .start(served.constraints()::warmUp);
        ServedModels models = new ServedModels(List.of(served));
        ModelList list = new ModelList(models);
        return Routes.none()
                .post("/v1/chat/completions", new ChatCompletions(models))
                .post("/v1/completions", new Completions(models))
                .post("/v1/responses", new Responses(models))
                .get("/openapi.json", new OpenApi())
                .get("/v1/models", list)
                .get("/v1/models/" + name, list);
    }
}
