package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.bench.LlamaServer;
import tinyllm.bench.Machine;
import tinyllm.bench.ServerBench;
import tinyllm.bench.ServerLoad;
import tinyllm.model.Models;
import tinyllm.text.Tokenizer;
import tinyllm.weights.ModelFiles;

/** {@code bench serve --vs}: our server beside llama.cpp's, and beside its own engine. */
final class ServerFigures {
    static final List<String> PEERS = List.of("llama.cpp", "engine");

    private final OutputOptions output;
    private final String model;
    private final int threads;
    private final int rounds;
    private final ServerLoad load;

    ServerFigures(OutputOptions output, String model, int threads, int rounds, ServerLoad load) {
        this.output = output;
        this.model = model;
        this.threads = threads;
        this.rounds = rounds;
        this.load = load;
    }

    /** @throws CommandException when one of them is no peer */
    static void check(List<String> peers) {
        for (String peer : peers) {
            if (!PEERS.contains(peer)) {
                throw CommandException.wrongUsage(
                        "--vs " + peer + " is not a peer of a server: llama.cpp and engine are");
            }
        }
    }

    int run(List<String> peers) throws IOException, InterruptedException {
        Tokenizer tokenizer = ModelOptions.reading(model, () -> Models.tokenizer(model));
        ServerBench bench =
                new ServerBench(model, threads, rounds, load, text -> tokenizer.encode(text).length, output::note);
        LlamaServer server = peers.contains("llama.cpp")
                ? new LlamaServer(ModelFiles.home(), ModelFiles.resolve(model), threads, output::note)
                : null;
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", "serve");
        json.put("model", model);
        json.put("threads", threads);
        json.put("rounds", rounds);
        json.put("clients", load.clients());
        json.put("requests", load.count());
        json.put("prompt_tokens", load.promptTokens());
        json.put("answer_tokens", load.tokens());
        json.put("machine", Machine.here().json());
        json.put("load_before", Machine.load());
        if (server != null) {
            json.put("llama_cpp", bench.against(server));
        }
        if (peers.contains("engine")) {
            json.put("engine", bench.againstEngine());
        }
        output.result(json, out -> table(out, json));
        return 0;
    }

    private void table(PrintWriter out, Map<String, Object> json) {
        out.printf(
                "%s, %d clients, %d requests, %d tokens of prompt, %d written, %d threads, %s, %d rounds%n",
                model,
                load.clients(),
                load.count(),
                load.promptTokens(),
                load.tokens(),
                threads,
                Machine.here().cpu(),
                rounds);
        if (json.get("llama_cpp") instanceof Map<?, ?> peer) {
            line(out, "./lab serve", peer.get("tokens_per_s"), "tokens/s");
            if (peer.get("settings") instanceof List<?> settings) {
                for (Object one : settings) {
                    Map<?, ?> setting = (Map<?, ?>) one;
                    line(out, "llama-server " + setting.get("setting"), setting.get("tokens_per_s"), "tokens/s");
                }
            }
            line(out, "ours over its best", peer.get("ours_over_best"), "");
        }
        if (json.get("engine") instanceof Map<?, ?> engine) {
            line(out, "over HTTP", engine.get("http_tokens_per_s"), "tokens/s");
            line(out, "engine directly", engine.get("engine_tokens_per_s"), "tokens/s");
            line(out, "share that is left", engine.get("share"), "");
            line(out, "first token over HTTP", engine.get("http_first_token_ms"), "ms");
            line(out, "first token directly", engine.get("engine_first_token_ms"), "ms");
            line(out, "added at no load", engine.get("added_ms"), "ms");
        }
    }

    private static void line(PrintWriter out, String name, @Nullable Object value, String unit) {
        double number = value instanceof Number n ? n.doubleValue() : Double.NaN;
        out.printf(Locale.ROOT, "%-36s %9.2f %s%n", name, number, unit);
    }
}
