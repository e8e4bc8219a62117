package tinyllm.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tinyllm.course.Mine;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.StepListener;
import tinyllm.model.CausalLm;
import tinyllm.server.ApiServer;
import tinyllm.server.BodyLog;
import tinyllm.server.Child;
import tinyllm.server.Protocol;
import tinyllm.server.Supervisor;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.openai.OpenAiProtocol;

/** The OpenAI-compatible server: this process supervises, and a child of it holds HTTP, engine and model. */
@Command(
        name = "serve",
        description =
                "Serve a model to OpenAI's clients: /v1/chat/completions, /v1/completions, /v1/responses, /v1/models, and a page"
                        + " at /.")
final class ServeCommand implements Callable<Integer> {

    private static final String SUPERVISED = "--supervised";
    private static final String ERROR_FILE = "-XX:ErrorFile=";

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Mixin
    private ServeOptions serve;

    @Mixin
    private SolutionOptions solution;

    @Mixin
    private OutputOptions output;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "what clients call the model (default: what --model says, without folder and ending)")
    private @Nullable String name;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description =
                    "write the engine's steps as a Chrome trace, the first " + ServerTrace.MOST_EVENTS + " events")
    private @Nullable Path trace;

    @Option(names = SUPERVISED, hidden = true, description = "this process is the supervisor's child")
    private boolean supervised;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ServeCommand() {}

    @Override
    public Integer call() throws Exception {
        HttpSettings settings = serve.http();
        if (trace != null) {
            ServerTrace.check(trace);
        }
        if (supervised) {
            child(settings);
            return 0;
        }
        if (serve.isOpenToOthers() && settings.apiKey() == null) {
            output.note("lab: every machine that reaches " + settings.host()
                    + " may use this server: --api-key-file asks them for a key");
        }
        try {
            return new Supervisor(
                            command(),
                            settings,
                            serve.drain(),
                            crashReports(),
                            port -> listening(settings, port),
                            this::childSaid)
                    .run();
        } catch (IOException e) {
            throw CommandException.failed(String.valueOf(e.getMessage()));
        }
    }

    private void listening(HttpSettings settings, int port) {
        String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
        String url = "http://" + host + ":" + port;
        output.result(
                Map.of("url", url, "model", served()),
                out -> out.println(served() + " is served at " + url + " (Ctrl+C ends it)"));
    }

    /** With --json a child that can't serve says why on its standard output. */
    private void childSaid(String line) {
        (output.json() && line.startsWith("{\"error\"") ? output.out() : output.err()).println(line);
    }

    private void child(HttpSettings settings) throws IOException, InterruptedException {
        Child child = new Child(System.in, System.out);
        CausalLm loaded = model.loadForEngine(output, solution.mine());
        Mine mine = solution.mine() ? solution.load(Engine::hasPlaceFor, output) : Mine.NONE;
        CausalLm lm = Engine.parts(loaded, mine);
        EngineOptions engine = serve.engine().with(mine);
        try (ServerTrace steps =
                trace == null ? null : new ServerTrace(trace, ServerTrace.MOST_EVENTS, output.err()::println)) {
            EngineOptions options = steps == null ? engine : engine.with((StepListener) steps);
            child.serve(
                    port -> ApiServer.start(lm, options, settings.port(port), protocol(lm)),
                    serve.drain(),
                    serve.stuck());
        }
    }

    private Protocol protocol(CausalLm lm) {
        Protocol openAi = new OpenAiProtocol(served(), lm);
        return serve.logsPrompts() ? BodyLog.around(openAi) : openAi;
    }

    private String served() {
        if (name != null) {
            return name;
        }
        Path file = Path.of(model.name()).getFileName();
        return file == null ? "model" : file.toString().replaceAll("\\.(gguf|safetensors)$", "");
    }

    /** This very command, as a child: the same Java with the same flags. */
    private List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(spec.root().commandLine().getParseResult().originalArgs());
        command.add(SUPERVISED);
        return command;
    }

    /** Where the child's crash reports go, as its flags say; null when they don't. */
    private static @Nullable Path crashReports() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith(ERROR_FILE))
                .map(flag -> Path.of(flag.substring(ERROR_FILE.length())).getParent())
                .findFirst()
                .orElse(null);
    }
}
