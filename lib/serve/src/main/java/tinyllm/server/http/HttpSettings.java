package tinyllm.server.http;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and whom it answers.
 *
 * @param host the address that it binds
 * @param port from 1 to 65535; 0 for a free one
 * @param limits what clients may cost
 * @param apiKey that every route asks for unless it is open; null for none
 * @param hosts names in the header {@code Host} that are answered, besides this machine's own addresses and {@code localhost}: a page of
 *     another name that a browser was led here with is refused
 * @param origins of pages that may call from a browser (CORS), as in {@code https://example.org}, or {@code app://name} of a program that
 *     shows pages of its own; none in general
 * @param observer hears of every answer
 */
public record HttpSettings(
        String host,
        int port,
        HttpLimits limits,
        @Nullable ApiKey apiKey,
        List<String> hosts,
        List<String> origins,
        HttpObserver observer) {

    public HttpSettings {
        if (host.isBlank()) {
            throw new IllegalArgumentException("host must be an address or a name, but is empty");
        }
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port must be in 0…65535, but is " + port);
        }
        hosts = hosts.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
        origins = List.copyOf(origins);
        for (String origin : origins) {
            if (!origin.matches("[a-z][a-z0-9+.-]*://[^/\\s]+")) {
                throw new IllegalArgumentException("an origin is a scheme and a host, as in https://example.org, but"
                        + " one is \"" + origin + "\"; there is no origin for all");
            }
        }
    }

    /** On this machine alone, without a key. */
    public static HttpSettings loopback(int port) {
        return new HttpSettings("127.0.0.1", port, HttpLimits.STANDARD, null, List.of(), List.of(), HttpObserver.NONE);
    }

    /** The same on another address. */
    public HttpSettings on(String address) {
        return new HttpSettings(address, port, limits, apiKey, hosts, origins, observer);
    }

    /** The same on another port. */
    public HttpSettings port(int number) {
        return new HttpSettings(host, number, limits, apiKey, hosts, origins, observer);
    }

    /** The same with other limits. */
    public HttpSettings limits(HttpLimits other) {
        return new HttpSettings(host, port, other, apiKey, hosts, origins, observer);
    }

    /** The same with a key; null for none. */
    public HttpSettings apiKey(@Nullable ApiKey key) {
        return new HttpSettings(host, port, limits, key, hosts, origins, observer);
    }

    /** The same for these names too. */
    public HttpSettings hosts(List<String> names) {
        return new HttpSettings(host, port, limits, apiKey, names, origins, observer);
    }

    /** The same for pages of these origins. */
    public HttpSettings origins(List<String> pages) {
        return new HttpSettings(host, port, limits, apiKey, hosts, pages, observer);
    }

    /** The same with an observer. */
    public HttpSettings observer(HttpObserver listener) {
        return new HttpSettings(host, port, limits, apiKey, hosts, origins, listener);
    }
}
