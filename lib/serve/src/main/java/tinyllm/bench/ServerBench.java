package tinyllm.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import tinyllm.load.Api;
import tinyllm.load.Load;
import tinyllm.load.LoadReport;
import tinyllm.load.Prompts;

/** Our server beside others under the same load, and beside its own engine without it. */
public final class ServerBench {

    private final String model;
    private final int threads;
    private final int rounds;
    private final ServerLoad load;
    private final ToIntFunction<String> tokens;
    private final Consumer<String> note;
    private long seed = 1; // another one for each run: no server knows a prompt already

    /**
     * @param tokens of a text, as the model's tokenizer counts them
     * @param note gets a line before each run
     */
    public ServerBench(
            String model,
            int threads,
            int rounds,
            ServerLoad load,
            ToIntFunction<String> tokens,
            Consumer<String> note) {
        this.model = model;
        this.threads = threads;
        this.rounds = rounds;
        this.load = load;
        this.tokens = tokens;
        this.note = note;
    }

    /** The same load on our server and on every setting of the other, in turn, each in a fresh process. */
    public Map<String, Object> against(LlamaServer peer) throws IOException, InterruptedException {
        peer.prepare();
        List<Map<String, Object>> ours = new ArrayList<>();
        Map<LlamaServer.Setting, List<Map<String, Object>>> theirs = new LinkedHashMap<>();
        for (int round = 1; round <= rounds; round++) {
            note.accept("round " + round + " of " + rounds + ": ./lab serve");
            try (ServerProcess server = ServerProcess.lab(model, threads, List.of())) {
                ours.add(run(server));
            }
            for (LlamaServer.Setting setting : LlamaServer.Setting.ALL) {
                note.accept("round " + round + " of " + rounds + ": llama-server " + setting);
                try (ServerProcess server = peer.start(setting, load.promptTokens() + load.tokens() + 8)) {
                    theirs.computeIfAbsent(setting, s -> new ArrayList<>()).add(run(server));
                }
            }
        }
        List<Map<String, Object>> settings = new ArrayList<>();
        double best = 0;
        for (Map.Entry<LlamaServer.Setting, List<Map<String, Object>>> entry : theirs.entrySet()) {
            double median = median(entry.getValue());
            best = Math.max(best, median);
            settings.add(
                    Map.of("setting", entry.getKey().toString(), "tokens_per_s", median, "samples", entry.getValue()));
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", peer.name());
        row.put("tokens_per_s", median(ours));
        row.put("settings", settings);
        row.put("best_of_settings", best);
        row.put("ours_over_best", median(ours) / best);
        row.put("samples", ours);
        return row;
    }

    private Map<String, Object> run(ServerProcess server) throws IOException, InterruptedException {
        try {
            return loaded(server);
        } catch (IOException e) {
            throw server.failed(e);
        }
    }

    private Map<String, Object> loaded(ServerProcess server) throws IOException, InterruptedException {
        Load asked = Load.on(server.url()).by(Api.COMPLETIONS).field("ignore_eos", true);
        asked.prompts(Prompts.exactly(seed++, tokens)).closed(load.clients(), load.requests(load.clients()));
        double before = Machine.load();
        LoadReport report = load.checked(
                asked.prompts(Prompts.exactly(seed++, tokens)).closed(load.clients(), load.requests(load.count())));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("tokens_per_s", report.tokensPerSecond());
        row.put("seconds", report.seconds());
        row.put("first_token_s", report.firstToken().json());
        row.put("per_token_s", report.perToken().json());
        row.put("load_before", before);
        return row;
    }

    private static double median(List<Map<String, Object>> rows) {
        return SchedulerBench.median(rows.stream()
                .map(row -> row.get("tokens_per_s") instanceof Number n ? n.doubleValue() : Double.NaN)
                .toList());
    }

    /** The same load on the server and on its engine directly, in turn, and the time to the first token of both at no load. */
    public Map<String, Object> againstEngine() throws IOException, InterruptedException {
        note.accept("the engine by itself and behind HTTP, " + rounds + " rounds in one process");
        Map<String, Object> samples = OurRunner.jvm(
                ServerRow.class,
                List.of(
                        model,
                        Integer.toString(rounds),
                        Integer.toString(load.clients()),
                        Integer.toString(load.count()),
                        Integer.toString(load.promptTokens()),
                        Integer.toString(load.tokens())),
                threads);
        List<Double> http = values(samples, "http", "tokens_per_s");
        List<Double> engine = values(samples, "engine", "tokens_per_s");
        double httpFirst = SchedulerBench.median(values(samples, "http", "first_token_ms"));
        double engineFirst = SchedulerBench.median(values(samples, "engine", "first_token_ms"));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("http_tokens_per_s", SchedulerBench.median(http));
        row.put("engine_tokens_per_s", SchedulerBench.median(engine));
        row.put("share", SchedulerBench.median(shares(http, engine)));
        row.put("http_first_token_ms", httpFirst);
        row.put("engine_first_token_ms", engineFirst);
        row.put("added_ms", httpFirst - engineFirst);
        row.put("samples", samples);
        return row;
    }

    /** One of each round: the two follow each other, so the machine is as fast for the one as for the other. */
    private static List<Double> shares(List<Double> http, List<Double> engine) {
        return IntStream.range(0, http.size())
                .mapToObj(round -> http.get(round) / engine.get(round))
                .toList();
    }

    private static List<Double> values(Map<String, Object> samples, String way, String field) {
        List<Double> values = new ArrayList<>();
        if (samples.get(way) instanceof Map<?, ?> of && of.get(field) instanceof List<?> list) {
            list.forEach(value -> values.add(value instanceof Number n ? n.doubleValue() : Double.NaN));
        }
        return values;
    }
}
