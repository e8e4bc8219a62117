package tinyllm.weights;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.format.StrictJson;

/**
 * Talks to a hub with the Hugging Face HTTP interface. Redirects are followed by hand: at most five, never from https to http, to
 * another host only for content whose digest is known, and the token never goes to another host.
 */
final class HubClient {
    private static final int MAX_REDIRECTS = 5;
    private static final int LISTING_LIMIT = 16 << 20;

    private final URI hub;
    private final @Nullable String token;
    private final HttpClient http = HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(15))
            .build();

    HubClient(URI hub, @Nullable String token) {
        this.hub = hub;
        this.token = token;
    }

    /** HF_ENDPOINT and HF_TOKEN count as they do for the hub's own client. */
    static HubClient of(ModelRegistry registry, Map<String, String> environment) {
        String endpoint = environment.getOrDefault("HF_ENDPOINT", "");
        URI hub = endpoint.isBlank()
                ? registry.hub()
                : URI.create(endpoint.strip().replaceAll("/+$", ""));
        if (!"https".equals(hub.getScheme()) && !"http".equals(hub.getScheme())) {
            throw new FetchException("HF_ENDPOINT is \"" + endpoint + "\"; it has to be an http or https address");
        }
        return new HubClient(hub, environment.get("HF_TOKEN"));
    }

    URI hub() {
        return hub;
    }

    /** The files at the top of a repository, with lengths and digests. */
    List<RemoteFile> files(String repo) throws IOException {
        HttpResponse<InputStream> response = get(URI.create(hub + "/api/models/" + repo + "/tree/main"), 0, false);
        byte[] body;
        try (InputStream in = response.body()) {
            body = in.readNBytes(LISTING_LIMIT);
        }
        requireOk(response, repo);
        String json = "{\"files\":" + new String(body, StandardCharsets.UTF_8) + "}";
        Object list = StrictJson.object(json.getBytes(StandardCharsets.UTF_8), "the hub's list of files of " + repo)
                .get("files");
        List<RemoteFile> files = new ArrayList<>();
        for (Object entry : list instanceof List<?> entries ? entries : List.of()) {
            if (entry instanceof Map<?, ?> fields
                    && "file".equals(fields.get("type"))
                    && fields.get("path") instanceof String path
                    && path.matches("[\\w][\\w.+-]{0,200}")) {
                files.add(file(path, fields));
            }
        }
        return files;
    }

    private static RemoteFile file(String path, Map<?, ?> fields) {
        Map<?, ?> large = fields.get("lfs") instanceof Map<?, ?> lfs ? lfs : fields;
        Object size = large.containsKey("size") ? large.get("size") : fields.get("size");
        return new RemoteFile(
                path,
                size instanceof Number number ? number.longValue() : -1,
                large == fields ? RemoteFile.Kind.GIT_BLOB : RemoteFile.Kind.SHA256,
                String.valueOf(large.get("oid")).toLowerCase(Locale.ROOT));
    }

    /** The content of a file from byte {@code from} on; the caller closes the body and looks at the status. */
    HttpResponse<InputStream> open(String repo, String file, long from) throws IOException {
        return get(URI.create(hub + "/" + repo + "/resolve/main/" + file), from, true);
    }

    /** @throws FetchException for an answer that a second try won't change */
    static void requireOk(HttpResponse<?> response, String what) throws IOException {
        int status = response.statusCode();
        if (status == 200 || status == 206) {
            return;
        }
        String answer = "the hub answered " + status + " for " + what;
        switch (status) {
            case 401, 403 -> throw new FetchException(answer + ": it needs an account's HF_TOKEN, or does not exist");
            case 404, 410 -> throw new FetchException(answer + ": it does not exist there (any more)");
            default -> throw new IOException(answer);
        }
    }

    private HttpResponse<InputStream> get(URI first, long from, boolean digestKnown) throws IOException {
        URI uri = first;
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).header("User-Agent", "tinyllm-lab");
            if (from > 0) {
                request.header("Range", "bytes=" + from + "-");
            }
            if (token != null && !token.isBlank() && sameOrigin(uri, hub)) {
                request.header("Authorization", "Bearer " + token.strip());
            }
            HttpResponse<InputStream> response = send(request.build());
            if (response.statusCode() / 100 != 3) {
                return response;
            }
            response.body().close();
            uri = redirected(uri, response.headers().firstValue("Location").orElse(""), digestKnown);
        }
        throw new FetchException(first + " redirects more than " + MAX_REDIRECTS + " times");
    }

    private static URI redirected(URI from, String location, boolean digestKnown) {
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new FetchException(from + " redirects to \"" + location + "\", which is no address", e);
        }
        boolean secure =
                "https".equals(to.getScheme()) || "http".equals(from.getScheme()) && "http".equals(to.getScheme());
        if (location.isEmpty() || to.getHost() == null || !secure || to.getUserInfo() != null) {
            throw new FetchException(from + " redirects to " + to + ", which is not followed: only https is");
        }
        if (!digestKnown && !sameOrigin(from, to)) {
            throw new FetchException(from + " redirects to another host, " + to.getHost()
                    + "; that is followed only for files whose checksum is known");
        }
        return to;
    }

    private static boolean sameOrigin(URI a, URI b) {
        return String.valueOf(a.getScheme()).equals(b.getScheme())
                && String.valueOf(a.getAuthority()).equals(b.getAuthority());
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FetchException("the download was interrupted; fetch again to go on where it stopped", e);
        }
    }
}
