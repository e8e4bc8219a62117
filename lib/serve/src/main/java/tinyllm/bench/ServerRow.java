package tinyllm.bench;

import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import tinyllm.cache.PageBudget;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.Simulation;
import tinyllm.kernel.KernelSet;
import tinyllm.load.Api;
import tinyllm.load.Lengths;
import tinyllm.load.Load;
import tinyllm.load.LoadReport;
import tinyllm.load.Prompts;
import tinyllm.load.Sample;
import tinyllm.load.TraceGenerator;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.server.ApiServer;
import tinyllm.server.http.HttpSettings;
import tinyllm.server.openai.OpenAiProtocol;
import tinyllm.tensor.Device;
import tools.jackson.databind.json.JsonMapper;

/**
 * What HTTP, JSON and queues cost: one engine in a process of its own, asked over HTTP and directly in turn. Client and server share the
 * process, so what the client costs counts against the server.
 */
public final class ServerRow {

    /** Requests of the first token's part: short, one at a time. */
    private static final int SINGLES = 20;

    private static final int SHORT = 16;

    /** Loads before the first one that counts, at most. */
    private static final int MOST_WARM = 20;

    /** Share of the time that the JVM's compilers may take when it counts. */
    private static final double COMPILING = 0.02;

    private final ApiServer server;
    private final CausalLm model;
    private final ServerLoad load;
    private long seed = 1000; // another one for each run: no prompt is asked twice, so no cache of prefixes helps

    private ServerRow(ApiServer server, CausalLm model, ServerLoad load) {
        this.server = server;
        this.model = model;
        this.load = load;
    }

    /** Arguments: model, rounds, clients, requests, prompt tokens, answer tokens. */
    public static void main(String[] args) throws IOException, InterruptedException {
        ServerLoad load = new ServerLoad(
                Integer.parseInt(args[2]),
                Integer.parseInt(args[3]),
                Integer.parseInt(args[4]),
                Integer.parseInt(args[5]));
        System.out.println(new JsonMapper().writeValueAsString(measure(args[0], Integer.parseInt(args[1]), load)));
        System.exit(0);
    }

    /** @return {@code http} and {@code engine}, each with {@code tokens_per_s} and {@code first_token_ms} of every round */
    static Map<String, Object> measure(String name, int rounds, ServerLoad load)
            throws IOException, InterruptedException {
        CausalLm model = Models.load(name, KernelSet.standard(Device.current()), LoadListener.NONE);
        EngineOptions options = EngineOptions.standard()
                .with(SchedulerPolicy.standard().withMaxRunning(Math.max(16, load.clients())))
                .with(PageBudget.tokens(Math.max(16384, load.clients() * (load.promptTokens() + load.tokens() + 32))));
        try (ApiServer server =
                ApiServer.start(model, options, HttpSettings.loopback(0), new OpenAiProtocol("model", model))) {
            return new ServerRow(server, model, load).measure(rounds);
        }
    }

    private Map<String, Object> measure(int rounds) throws IOException, InterruptedException {
        List<Double> http = new ArrayList<>();
        List<Double> engine = new ArrayList<>();
        List<Double> httpFirst = new ArrayList<>();
        List<Double> engineFirst = new ArrayList<>();
        warmUp();
        for (int round = 0; round < rounds; round++) {
            if (round % 2 == 0) {
                http.add(overHttp(load));
                engine.add(direct(load));
            } else { // whoever comes second finds a warmer machine
                engine.add(direct(load));
                http.add(overHttp(load));
            }
            httpFirst.addAll(singlesOverHttp());
            engineFirst.addAll(singles());
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("http", Map.of("tokens_per_s", http, "first_token_ms", httpFirst));
        row.put("engine", Map.of("tokens_per_s", engine, "first_token_ms", engineFirst));
        return row;
    }

    /** Until the JVM has compiled server and client: it does so on the processors that are measured. */
    private void warmUp() throws IOException, InterruptedException {
        CompilationMXBean compilers = ManagementFactory.getCompilationMXBean();
        ServerLoad some = new ServerLoad(load.clients(), load.clients(), load.promptTokens(), load.tokens());
        double share = 1;
        for (int i = 0; i < MOST_WARM && share > COMPILING; i++) {
            long compiled = compilers.getTotalCompilationTime();
            long start = System.nanoTime();
            overHttp(some);
            direct(some);
            singlesOverHttp();
            singles();
            share = (compilers.getTotalCompilationTime() - compiled) * 1e6 / (System.nanoTime() - start);
        }
    }

    private Prompts prompts() {
        return Prompts.exactly(seed++, text -> model.tokenizer().encode(text).length);
    }

    private Load http() {
        return Load.on("http://127.0.0.1:" + server.port())
                .by(Api.COMPLETIONS)
                .field("ignore_eos", true)
                .prompts(prompts());
    }

    private double overHttp(ServerLoad asked) throws IOException, InterruptedException {
        return asked.checked(http().closed(asked.clients(), asked.requests(asked.count())))
                .tokensPerSecond();
    }

    /** Tokens per second of as many clients as threads, each of which asks again when its answer has ended. */
    private double direct(ServerLoad asked) throws InterruptedException {
        Prompts prompts = prompts();
        Queue<String> left = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < asked.count(); i++) {
            left.add(prompts.prompt(i, asked.promptTokens()));
        }
        AtomicLong tokens = new AtomicLong();
        List<Thread> clients = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < asked.clients(); i++) {
            clients.add(Thread.ofVirtual().start(() -> {
                for (String prompt = left.poll(); prompt != null; prompt = left.poll()) {
                    tokens.addAndGet(submit(prompt, asked.tokens(), () -> {})
                            .result()
                            .tokens()
                            .size());
                }
            }));
        }
        for (Thread client : clients) {
            client.join();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (tokens.get() != (long) asked.count() * asked.tokens()) {
            throw new IllegalStateException("the engine wrote " + tokens.get() + " tokens for " + asked.count()
                    + " requests of " + asked.tokens());
        }
        return tokens.get() / seconds;
    }

    private RequestHandle submit(String prompt, int tokens, Runnable onToken) {
        Engine engine = server.engine();
        return engine.submit(
                EngineRequest.text(prompt).maxTokens(tokens).ignoreEnd().onToken(token -> onToken.run()));
    }

    /** Milliseconds to the first token of one request after the other, with nothing else to do. */
    private List<Double> singlesOverHttp() throws IOException, InterruptedException {
        Iterator<Simulation.Request> requests =
                TraceGenerator.atOnce(1, Lengths.fixed(SHORT), Lengths.fixed(2)).requests(SINGLES);
        LoadReport report = http().closed(1, requests);
        return report.samples().stream()
                .skip(1) // which opens the connection
                .map(Sample::toFirstToken)
                .map(seconds -> seconds * 1e3)
                .toList();
    }

    private List<Double> singles() {
        Prompts prompts = prompts();
        List<Double> times = new ArrayList<>();
        for (int i = 0; i < SINGLES; i++) {
            String prompt = prompts.prompt(i, SHORT);
            AtomicLong first = new AtomicLong();
            long start = System.nanoTime();
            submit(prompt, 2, () -> first.compareAndSet(0, System.nanoTime())).result();
            if (i > 0) {
                times.add((first.get() - start) / 1e6);
            }
        }
        return times;
    }
}
