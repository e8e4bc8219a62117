package tinyllm.server.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The document says what the server does: its examples are taken and answered, and the answers have the shapes that it promises. */
class OpenApiTest {
    private static final Tiny TINY = new Tiny();
    private static final JsonNode DOCUMENT = Tiny.MAPPER.readTree(OpenApi.document());
    private static final SchemaRegistry REGISTRY =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    @AfterAll
    static void close() {
        TINY.close();
    }

    record Example(String path, String name, JsonNode schema, JsonNode value) {
        @Override
        public String toString() {
            return path + " " + name;
        }
    }

    private static void examples(String path, JsonNode contents, List<Example> all) {
        for (Map.Entry<String, JsonNode> kind : contents.properties()) {
            for (Map.Entry<String, JsonNode> example :
                    kind.getValue().path("examples").properties()) {
                all.add(new Example(
                        path,
                        example.getKey(),
                        kind.getValue().get("schema"),
                        example.getValue().get("value")));
            }
        }
    }

    private static List<Example> requests() {
        List<Example> all = new ArrayList<>();
        DOCUMENT.get("paths")
                .properties()
                .forEach(path -> examples(path.getKey(), path.getValue().at("/post/requestBody/content"), all));
        return all;
    }

    static Stream<Example> everyExample() {
        List<Example> all = requests();
        for (Map.Entry<String, JsonNode> path : DOCUMENT.get("paths").properties()) {
            for (String method : List.of("get", "post")) {
                for (Map.Entry<String, JsonNode> answer :
                        path.getValue().at("/" + method + "/responses").properties()) {
                    examples(path.getKey(), answer.getValue().path("content"), all);
                }
            }
        }
        return all.stream();
    }

    static Stream<Example> postedExamples() {
        return requests().stream();
    }

    private static void assertValid(JsonNode schema, JsonNode value, String what) {
        ObjectNode whole = ((ObjectNode) schema).deepCopy();
        whole.set("components", DOCUMENT.get("components"));
        Schema validator = REGISTRY.getSchema(whole);
        assertThat(validator.validate(value)).as("%s: %s", what, value).isEmpty();
    }

    private static JsonNode schema(String name) {
        return Words.object().put("$ref", "#/components/schemas/" + name);
    }

    @ParameterizedTest
    @MethodSource("everyExample")
    void examplesAreValid(Example example) {
        assertValid(example.schema, example.value, example.toString());
    }

    @ParameterizedTest
    @MethodSource("postedExamples")
    void examplesAreAnswered(Example example) {
        ObjectNode body = (ObjectNode) example.value.deepCopy();
        String limit = example.path.endsWith("responses") ? "max_output_tokens" : "max_tokens";
        body.put(limit, 40);
        Job job = switch (example.path) {
            case "/v1/chat/completions" -> ChatRequest.read(body, TINY.models);
            case "/v1/completions" -> CompletionRequest.read(body, TINY.models);
            default -> ResponsesRequest.read(body, TINY.models);
        };
        Tiny.Answer answer = Tiny.answer(job);
        JsonNode contents = DOCUMENT.get("paths").get(example.path).at("/post/responses/200/content");
        assertValid(contents.get("application/json").get("schema"), answer.whole(), "the whole");
        for (ObjectNode event : job.streams() ? answer.events() : List.<ObjectNode>of()) {
            assertValid(contents.get("text/event-stream").get("schema"), event, "an event");
        }
    }

    @Test
    void modelsAndErrorsHaveTheirShape() {
        assertValid(schema("ModelList"), ModelList.all(TINY.models), "models");
        assertValid(schema("Model"), ModelList.one(TINY.models.get("tiny")), "a model");
        assertValid(
                schema("Error"),
                Tiny.MAPPER.readTree(HttpException.field("n", "n is wrong").json()),
                "an error");
        assertThat(ModelList.one(TINY.models.get("tiny")).get("max_model_len").intValue())
                .isEqualTo(Tiny.CONTEXT);
    }

    /** A field that the document names is one that the reader knows, and the other way round. */
    @Test
    void everyFieldIsKnown() {
        Map<String, String> readers =
                Map.of("ChatRequest", "messages", "CompletionRequest", "prompt", "ResponsesRequest", "input");
        readers.forEach((name, first) -> {
            ObjectNode body = Words.object().put("model", "tiny");
            DOCUMENT.at("/components/schemas/" + name + "/properties")
                    .propertyNames()
                    .forEach(field -> {
                        if (!body.has(field)) {
                            body.putNull(field);
                        }
                    });
            if (first.equals("messages")) {
                body.putArray(first).addObject().put("role", "user").put("content", "x");
            } else {
                body.put(first, "x");
            }
            Job job = switch (name) {
                case "ChatRequest" -> ChatRequest.read(body, TINY.models);
                case "CompletionRequest" -> CompletionRequest.read(body, TINY.models);
                default -> ResponsesRequest.read(body, TINY.models);
            };
            assertThat(job.requests()).hasSize(1);
        });
    }
}
