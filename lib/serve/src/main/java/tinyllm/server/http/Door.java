package tinyllm.server.http;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Decides by its header alone whether a request is let in: before a byte of its body is read, and before any handler. */
final class Door {

    private final HttpSettings settings;
    private final Routes routes;

    Door(HttpSettings settings, Routes routes) {
        this.settings = settings;
        this.routes = routes;
    }

    /**
     * The route that a request goes to.
     *
     * @param target as the first line has it: a path, and perhaps a query
     * @throws HttpException when it is refused
     */
    Routes.Route enter(String method, String target, Headers headers) {
        String path = path(target);
        host(headers);
        origin(headers);
        Routes.Route route = routes.find(method, path).orElse(null);
        if (settings.apiKey() != null && (route == null || !route.open())) {
            key(headers);
        }
        if (route == null) {
            throw missing(method, path);
        }
        body(route, headers);
        return route;
    }

    String allowed(String path) {
        return routes.allowed(path);
    }

    static String path(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    static String query(String target) {
        int query = target.indexOf('?');
        return query < 0 ? "" : target.substring(query + 1);
    }

    private HttpException missing(String method, String path) {
        String allowed = routes.allowed(path);
        if (allowed.isEmpty()) {
            return routes.missing();
        }
        return new HttpException(405, "this path takes " + allowed + ", but the method is " + word(method));
    }

    /** What a client sent, fit for a sentence. */
    private static String word(String text) {
        return text.matches("[A-Z]{1,16}") ? text : "another one";
    }

    /** A browser that a page's name was rebound for shows that name here: only names that are ours are answered. */
    private void host(Headers headers) {
        List<String> all = headers.all("Host");
        if (all.size() != 1 || all.getFirst().isBlank()) {
            throw new HttpException(400, "a request has one header Host, but this one has " + all.size());
        }
        String name = HostName.of(all.getFirst());
        if (!HostName.isAddress(name)
                && !name.equals("localhost")
                && !name.equals(settings.host().toLowerCase(Locale.ROOT))
                && !settings.hosts().contains(name)) {
            throw new HttpException(
                    403, "the server does not answer for the name in the header Host: start it with --allow-host NAME");
        }
    }

    private void origin(Headers headers) {
        String origin = headers.first("Origin");
        if (origin != null && !isOwn(origin, headers) && !settings.origins().contains(origin)) {
            throw new HttpException(
                    403, "the server does not answer pages of this origin: start it with --allow-origin ORIGIN");
        }
    }

    private static boolean isOwn(String origin, Headers headers) {
        String host = headers.first("Host");
        return origin.equalsIgnoreCase("http://" + host) || origin.equalsIgnoreCase("https://" + host);
    }

    /** The origin that the answer names, so that a browser hands it to its page; null where no page of another origin asks. */
    @Nullable
    String crossOrigin(Headers headers) {
        String origin = headers.first("Origin");
        return origin != null && settings.origins().contains(origin) ? origin : null;
    }

    /** Whether a browser asks what a page of another origin may send: it shows no key then. */
    boolean isPreflight(String method, Headers headers) {
        return method.equals("OPTIONS")
                && crossOrigin(headers) != null
                && headers.first("Access-Control-Request-Method") != null;
    }

    private void key(Headers headers) {
        ApiKey key = settings.apiKey();
        if (key != null && !key.matches(headers.first("Authorization"))) {
            throw new HttpException(401, "the API key is missing or wrong: send the header Authorization: Bearer KEY")
                    .code("invalid_api_key");
        }
    }

    private void body(Routes.Route route, Headers headers) {
        String encoding = headers.first("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw new HttpException(415, "a body must be sent as it is, without a Content-Encoding");
        }
        if (route.contentType() != null && !isType(headers.first("Content-Type"), route.contentType())) {
            throw new HttpException(415, "the header Content-Type must be " + route.contentType());
        }
        List<String> transfer = headers.all("Transfer-Encoding");
        if (!transfer.isEmpty() && !(transfer.size() == 1 && transfer.getFirst().equalsIgnoreCase("chunked"))) {
            throw new HttpException(400, "the header Transfer-Encoding must be chunked, or not be there");
        }
        String length = headers.first("Content-Length");
        int most = route.contentType() == null ? 0 : settings.limits().bodyBytes();
        if (length != null && number(length) > most) {
            throw tooLarge(most);
        }
    }

    static HttpException tooLarge(int most) {
        return new HttpException(413, "the body must have " + most + " bytes at most, but has more");
    }

    private static long number(String length) {
        try {
            return Long.parseLong(length);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    private static boolean isType(@Nullable String header, String type) {
        if (header == null) {
            return false;
        }
        int parameters = header.indexOf(';');
        String sent = parameters < 0 ? header : header.substring(0, parameters);
        return sent.strip().toLowerCase(Locale.ROOT).equals(type);
    }
}
