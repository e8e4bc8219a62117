package tinyllm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tinyllm.bench.ServerLoad;
import tinyllm.load.Api;
import tinyllm.load.Lengths;
import tinyllm.load.Load;
import tinyllm.load.ServiceLevel;
import tinyllm.load.TraceGenerator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Which requests a load sends, when, and what counts as good. */
final class LoadOptions {

    private static final Pattern LENGTHS = Pattern.compile("(\\d{1,7})(?:(?:\\.\\.|…|-)(\\d{1,7}))?");

    @Option(names = "--requests", paramLabel = "N", description = "default: 40")
    private @Nullable Integer requests;

    @Option(
            names = "--rate",
            paramLabel = "R",
            description = "open loop: requests arrive at this rate per second, by chance (default: 2)")
    private @Nullable Double rate;

    @Option(
            names = "--clients",
            paramLabel = "N",
            description = "closed loop instead: so many clients, each asks again when its answer has ended")
    private @Nullable Integer clients;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N|L..H",
            description = "of a prompt; of a range, every doubling is equally likely (default: 16..256)")
    private @Nullable String promptTokens;

    @Option(names = "--tokens", paramLabel = "N|L..H", description = "that an answer may have at most (default: 8..64)")
    private @Nullable String tokens;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--api",
            paramLabel = "WAY",
            defaultValue = "chat",
            description = "chat or completions (default: ${DEFAULT-VALUE})")
    private String api;

    @Option(
            names = "--ignore-eos",
            description = "answers go on to their limit, on servers that know vLLM's field ignore_eos")
    private boolean ignoreEos;

    @Option(
            names = "--field",
            paramLabel = "NAME=JSON",
            description = "a field of every request, as --field top_k=20; null leaves one out; again for more")
    private List<String> fields = List.of();

    @Option(
            names = "--api-key-file",
            paramLabel = "F",
            description = "a file with the server's key (default: the variable TINYLLM_API_KEY, or none)")
    private @Nullable Path keyFile;

    @Option(
            names = "--first-token-ms",
            paramLabel = "T",
            defaultValue = "2000",
            description = "service level: time to the first token (default: ${DEFAULT-VALUE})")
    private double firstTokenMs;

    @Option(
            names = "--token-ms",
            paramLabel = "T",
            defaultValue = "200",
            description = "service level: mean time for each token after it (default: ${DEFAULT-VALUE})")
    private double tokenMs;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    LoadOptions() {}

    /** Checks what picocli did not. */
    void check() {
        if (requests() < 1) {
            throw CommandException.wrongUsage("--requests must be 1 or more, but is " + requests);
        }
        if (clients != null && rate != null) {
            throw CommandException.wrongUsage(
                    "--rate is for an open loop, --clients for a closed one: give one of them");
        }
        if (clients != null && clients < 1) {
            throw CommandException.wrongUsage("--clients must be 1 or more, but is " + clients);
        }
        if (rate != null && !(rate > 0 && Double.isFinite(rate))) {
            throw CommandException.wrongUsage("--rate must be above 0, but is " + rate);
        }
        if (!(firstTokenMs > 0) || !(tokenMs > 0)) {
            throw CommandException.wrongUsage("--first-token-ms and --token-ms must be above 0");
        }
        trace();
        api();
    }

    int requests() {
        return requests == null ? 40 : requests;
    }

    long seed() {
        return seed;
    }

    /** Of a closed loop; null for an open one. */
    @Nullable
    Integer clients() {
        return clients;
    }

    double rate() {
        return rate == null ? 2 : rate;
    }

    /** The load that servers are compared by: so many clients, all requests of one size. */
    ServerLoad fixed() {
        int together = clients == null ? 8 : clients;
        try {
            return new ServerLoad(
                    together,
                    requests == null ? 4 * together : requests,
                    size("--prompt-tokens", promptTokens == null ? "128" : promptTokens),
                    size("--tokens", tokens == null ? "64" : tokens));
        } catch (IllegalArgumentException e) {
            throw CommandException.wrongUsage(String.valueOf(e.getMessage()));
        }
    }

    private static int size(String option, String words) {
        if (!words.matches("\\d{1,7}")) {
            throw CommandException.wrongUsage("with --vs " + option + " is one number, not " + words);
        }
        return Integer.parseInt(words);
    }

    TraceGenerator trace() {
        return new TraceGenerator(
                seed,
                rate(),
                lengths("--prompt-tokens", promptTokens == null ? "16..256" : promptTokens),
                lengths("--tokens", tokens == null ? "8..64" : tokens),
                1);
    }

    private static Lengths lengths(String option, String words) {
        Matcher matcher = LENGTHS.matcher(words.strip());
        if (!matcher.matches()) {
            throw CommandException.wrongUsage(option + " is a number or a range such as 16..256, not " + words);
        }
        int low = Integer.parseInt(matcher.group(1));
        int high = matcher.group(2) == null ? low : Integer.parseInt(matcher.group(2));
        if (low < 1 || high < low) {
            throw CommandException.wrongUsage(option + " is a range from 1 or more upwards, not " + words);
        }
        return low == high ? Lengths.fixed(low) : Lengths.logUniform(low, high);
    }

    Api api() {
        return switch (api.toLowerCase(Locale.ROOT)) {
            case "chat" -> Api.CHAT;
            case "completions" -> Api.COMPLETIONS;
            default -> throw CommandException.wrongUsage("--api is chat or completions, not " + api);
        };
    }

    ServiceLevel level() {
        return new ServiceLevel(firstTokenMs / 1e3, tokenMs / 1e3);
    }

    /** The load, for a server at an address. */
    Load on(String url) {
        Load load = Load.on(url).by(api());
        String key = key();
        load = key == null ? load : load.key(key);
        load = ignoreEos ? load.field("ignore_eos", true) : load;
        for (Map.Entry<String, JsonNode> field : fields().entrySet()) {
            load = load.field(field.getKey(), field.getValue());
        }
        return load;
    }

    private Map<String, JsonNode> fields() {
        Map<String, JsonNode> all = new LinkedHashMap<>();
        for (String field : fields) {
            int equals = field.indexOf('=');
            try {
                if (equals > 0) {
                    all.put(field.substring(0, equals), JsonMapper.shared().readTree(field.substring(equals + 1)));
                    continue;
                }
            } catch (JacksonException e) {
                // said below
            }
            throw CommandException.wrongUsage("--field is NAME=JSON, as top_k=20 or stop='[\"x\"]', not " + field);
        }
        return all;
    }

    private @Nullable String key() {
        try {
            if (keyFile != null) {
                return Files.readString(keyFile).strip();
            }
            String variable = System.getenv(ServeOptions.KEY_VARIABLE);
            return variable == null || variable.isEmpty() ? null : variable;
        } catch (IOException e) {
            throw CommandException.wrongUsage("the file of the API key cannot be read: " + keyFile);
        }
    }
}
