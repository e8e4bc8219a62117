package tinyllm.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import tinyllm.engine.Engine;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RequestHandle;
import tinyllm.server.http.EventWriter;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.Routes;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The least that a protocol can be: {@code {"prompt", "max_tokens", "stream"}} in, text or events of text out. */
final class TextProtocol implements Protocol {

    static final String PATH = "/v1/text";

    @Override
    public Routes routes(Engine engine) {
        return Routes.none().post(PATH, e -> answer(engine, e));
    }

    static String request(String prompt, int maxTokens, boolean stream) {
        return "{\"prompt\":\"" + prompt + "\",\"max_tokens\":" + maxTokens + ",\"stream\":" + stream + "}";
    }

    private static void answer(Engine engine, Exchange e) {
        JsonNode body = JsonMapper.shared().readTree(e.body());
        RequestHandle handle =
                engine.submit(EngineRequest.text(body.get("prompt").asString())
                        .maxTokens(body.get("max_tokens").asInt())
                        .ignoreEnd());
        e.onGone(handle::cancel);
        if (body.get("stream").asBoolean()) {
            EventWriter events = e.events();
            handle.tokens().forEach(token -> events.event(token.text()));
            events.event("[DONE]");
        } else {
            e.answer(200, "text/plain; charset=utf-8", handle.result().text().getBytes(UTF_8));
        }
    }
}
