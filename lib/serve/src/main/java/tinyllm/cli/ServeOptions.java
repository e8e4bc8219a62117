package tinyllm.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tinyllm.cache.PageBudget;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.server.http.ApiKey;
import tinyllm.server.http.HttpLimits;
import tinyllm.server.http.HttpSettings;

/** Where the server listens, whom it answers, and how much it takes at once. */
final class ServeOptions {

    /** The variable that an API key may come in. */
    static final String KEY_VARIABLE = "TINYLLM_API_KEY";

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            paramLabel = "H",
            description = "the address (default: 127.0.0.1)")
    private String host;

    @Option(
            names = "--port",
            defaultValue = "8080",
            paramLabel = "N",
            description = "the port, 0 for a free one (default: 8080)")
    private int port;

    @Option(
            names = "--api-key-file",
            paramLabel = "F",
            description =
                    "a file with the key that clients must show (default: the variable " + KEY_VARIABLE + ", or none)")
    private @Nullable Path apiKeyFile;

    @Option(
            names = "--allow-host",
            paramLabel = "NAME",
            description = "a name of this machine that clients use; again for more")
    private List<String> hosts = List.of();

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "pages of this origin may call from a browser; again for more")
    private List<String> origins = List.of();

    @Option(
            names = "--max-queue",
            defaultValue = "256",
            paramLabel = "N",
            description = "requests that wait at most; more are answered 429 (default: 256)")
    private int maxQueue;

    @Option(
            names = "--max-running",
            defaultValue = "16",
            paramLabel = "N",
            description = "requests that run at once (default: 16)")
    private int maxRunning;

    @Option(
            names = "--cache-tokens",
            defaultValue = "16384",
            paramLabel = "N",
            description = "tokens that the cache's pages hold, of all requests together (default: 16384)")
    private int cacheTokens;

    @Option(
            names = "--max-connections",
            defaultValue = "4096",
            paramLabel = "N",
            description = "connections that are open at once (default: 4096)")
    private int maxConnections;

    @Option(
            names = "--max-body",
            defaultValue = "4194304",
            paramLabel = "BYTES",
            description = "a request's largest body (default: 4194304)")
    private int maxBody;

    @Option(
            names = "--drain",
            defaultValue = "30",
            paramLabel = "SECONDS",
            description = "that requests get to end when the server is told to stop (default: 30)")
    private int drain;

    @Option(
            names = "--restart-after",
            defaultValue = "60",
            paramLabel = "SECONDS",
            description = "that an engine which hangs gets to come back before its process is replaced (default: 60)")
    private int restartAfter;

    @Option(names = "--log-prompts", description = "write what clients ask into the log (default: no text of theirs)")
    private boolean logPrompts;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    ServeOptions() {}

    boolean logsPrompts() {
        return logPrompts;
    }

    HttpSettings http() {
        positive("--max-queue", maxQueue);
        positive("--max-running", maxRunning);
        positive("--max-connections", maxConnections);
        positive("--max-body", maxBody);
        positive("--restart-after", restartAfter);
        positive("--cache-tokens", cacheTokens);
        HttpLimits limits = HttpLimits.STANDARD
                .connections(maxConnections)
                .bodies(maxBody, Math.max(HttpLimits.STANDARD.allBodyBytes(), maxBody));
        return HttpSettings.loopback(port)
                .on(host)
                .limits(limits)
                .apiKey(key())
                .hosts(hosts)
                .origins(origins);
    }

    private static void positive(String option, int value) {
        if (value < 1) {
            throw CommandException.wrongUsage(option + " must be 1 or more, but is " + value);
        }
    }

    private @Nullable ApiKey key() {
        try {
            if (apiKeyFile != null) {
                return ApiKey.read(apiKeyFile);
            }
            String variable = System.getenv(KEY_VARIABLE);
            return variable == null || variable.isEmpty() ? null : ApiKey.of(variable);
        } catch (IOException e) {
            throw CommandException.wrongUsage("the file of the API key cannot be read: " + apiKeyFile);
        }
    }

    EngineOptions engine() {
        EngineOptions standard = EngineOptions.standard();
        return standard.with(SchedulerPolicy.standard().withMaxRunning(maxRunning))
                .with(standard.bounds().withRequests(maxQueue))
                .with(PageBudget.tokens(cacheTokens));
    }

    Duration drain() {
        if (drain < 0) {
            throw CommandException.wrongUsage("--drain must be 0 or more seconds, but is " + drain);
        }
        return Duration.ofSeconds(drain);
    }

    /** How long an engine may stay away before its process ends. */
    Duration stuck() {
        return Duration.ofSeconds(restartAfter);
    }

    /** Whether others than this machine's own users reach it. */
    boolean isOpenToOthers() {
        return !host.equals("localhost") && !host.startsWith("127.") && !host.equals("::1");
    }
}
