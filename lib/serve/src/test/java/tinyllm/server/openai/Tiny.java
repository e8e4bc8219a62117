package tinyllm.server.openai;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tinyllm.cache.PageBudget;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.server.ApiServer;
import tinyllm.server.http.HttpException;
import tinyllm.server.http.HttpSettings;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The tests' random model under the name "tiny", with Qwen's template and a long context, and answers of it. */
public final class Tiny implements AutoCloseable {
    static final JsonMapper MAPPER = new JsonMapper();
    static final int CONTEXT = 4096;

    private static final Path RESOURCES = Path.of("..", "core", "src", "test", "resources");
    private static final CausalLm MODEL = load();

    final Engine engine;
    final ServedModels models;

    Tiny() {
        this(EngineOptions.standard());
    }

    Tiny(EngineOptions options) {
        engine = new Engine(MODEL, options.with(PageBudget.tokens(CONTEXT)));
        models = new ServedModels(List.of(new ServedModel("tiny", MODEL, engine, 1_700_000_000)));
    }

    /** The id that ends an answer. */
    static int end() {
        return MODEL.eosIds().iterator().next();
    }

    /** The model itself. */
    public static CausalLm model() {
        return MODEL;
    }

    /** A server of the same model. */
    static ApiServer serve(EngineOptions options) throws IOException {
        return ApiServer.start(
                MODEL,
                options.with(PageBudget.tokens(CONTEXT)),
                HttpSettings.loopback(0),
                new OpenAiProtocol("tiny", MODEL));
    }

    /** Events of one answer, and the whole. */
    record Answer(List<ObjectNode> events, ObjectNode whole) {}

    /** Writes the model's files into a folder. */
    public static Path folder(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(RESOURCES.resolve("checkpoints/mlx-q4-g64"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        edit(
                folder.resolve("config.json"),
                "max_position_embeddings",
                MAPPER.getNodeFactory().numberNode(CONTEXT));
        String template = Files.readString(RESOURCES.resolve("tinyllm/text/templates/qwen2.5-coder.jinja"));
        edit(
                folder.resolve("tokenizer_config.json"),
                "chat_template",
                MAPPER.getNodeFactory().stringNode(template));
        return folder;
    }

    private static CausalLm load() {
        try {
            Path folder = folder(Files.createTempDirectory("tiny"));
            CausalLm model = Models.load(folder.toString(), KernelSet.OWN, LoadListener.NONE);
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
            return model;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void edit(Path file, String name, JsonNode value) throws IOException {
        ObjectNode node = (ObjectNode) MAPPER.readTree(Files.readString(file));
        node.set(name, value);
        Files.writeString(file, MAPPER.writeValueAsString(node));
    }

    /** Single quotes in place of double ones. */
    static ObjectNode json(String text) {
        return RequestJson.object(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    Job chat(String body) {
        return ChatRequest.read(json(body), models);
    }

    Job completion(String body) {
        return CompletionRequest.read(json(body), models);
    }

    Job responses(String body) {
        return ResponsesRequest.read(json(body), models);
    }

    /** The fields of an error. */
    static JsonNode error(HttpException problem) {
        return MAPPER.readTree(problem.json()).get("error");
    }

    static Answer answer(Job job) {
        List<ObjectNode> events = new ArrayList<>();
        try {
            Answering.start(job, "a-test").run(event -> events.add(event.deepCopy()));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return new Answer(events, job.writer().whole());
    }

    @Override
    public void close() {
        engine.close();
    }
}
