package tinyllm.server.openai;

import java.time.Instant;
import java.util.List;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineRequest;
import tinyllm.model.CausalLm;
import tinyllm.server.Protocol;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.Handler;
import tinyllm.server.http.Routes;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's protocol, whose plain streamed chats are brought to their clients by somebody else: in a notebook, by a learner's event stream
 * (chapter 3.8). Plain is one answer of text, without tools and log-probabilities; everything else is answered as always.
 */
public final class OwnStreams implements Protocol {
    private static final String CHAT = "/v1/chat/completions";

    /** Answers one plain chat. */
    @FunctionalInterface
    public interface Bringer {

        /**
         * Submits the request and streams what comes.
         *
         * @param model the name that the client asked for
         * @param asked what the engine is to do
         * @param usage whether the client asked for counts at the end
         * @param stops whether the text ends before a string of the client's choice, so that its pieces are not the tokens' own
         * @throws tinyllm.engine.RefusedException when the engine does not take it
         */
        void bring(Exchange exchange, Engine engine, String model, EngineRequest asked, boolean usage, boolean stops);
    }

    private final String name;
    private final CausalLm model;
    private final Bringer bringer;

    /** @param name that clients call the model by, exactly */
    public OwnStreams(String name, CausalLm model, Bringer bringer) {
        this.name = name;
        this.model = model;
        this.bringer = bringer;
    }

    @Override
    public Routes routes(Engine engine) {
        ServedModel served = new ServedModel(name, model, engine, Instant.now().getEpochSecond());
        ServedModels models = new ServedModels(List.of(served));
        Routes all = Routes.none();
        for (Routes.Route route : new OpenAiProtocol(name, model).routes(engine).all()) {
            all = all.with(
                    route.path().equals(CHAT) ? route.handledBy(e -> chat(e, engine, models, route.handler())) : route);
        }
        return all;
    }

    private void chat(Exchange exchange, Engine engine, ServedModels models, Handler library) throws Exception {
        ObjectNode body = RequestJson.object(exchange.body());
        if (!isPlain(body)) {
            library.handle(exchange);
            return;
        }
        Job job = ChatRequest.read(body, models);
        boolean usage = body.path("stream_options").path("include_usage").asBoolean(false);
        boolean stops = body.path("stop").isString() || !body.path("stop").isEmpty();
        bringer.bring(exchange, engine, name, job.requests().getFirst(), usage, stops);
    }

    private static boolean isPlain(ObjectNode body) {
        JsonNode n = body.path("n");
        return body.path("stream").asBoolean(false)
                && (n.isMissingNode() || n.isNull() || n.asInt(0) == 1)
                && body.path("tools").isEmpty()
                && !body.path("logprobs").asBoolean(false);
    }
}
