package tinyllm.server.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which handler answers which method and path. A path is compared as it was sent: nothing is decoded, joined or shortened. */
public final class Routes {

    /**
     * @param method GET or POST; a route for GET answers HEAD too
     * @param path as in {@code /v1/models}
     * @param contentType that a body must have; null when there is none to send
     * @param open whether it is answered without the API key
     */
    public record Route(
            String method, String path, @Nullable String contentType, boolean open, Handler handler) {

        /** The same with another handler. */
        public Route handledBy(Handler other) {
            return new Route(method, path, contentType, open, other);
        }
    }

    private final List<Route> routes;
    private final @Nullable HttpException elsewhere;

    private Routes(List<Route> routes, @Nullable HttpException elsewhere) {
        this.routes = List.copyOf(routes);
        this.elsewhere = elsewhere;
    }

    /** None yet. */
    public static Routes none() {
        return new Routes(List.of(), null);
    }

    /** These and one for GET. */
    public Routes get(String path, Handler handler) {
        return with(new Route("GET", path, null, false, handler));
    }

    /** These and one for GET that asks for no API key. */
    public Routes open(String path, Handler handler) {
        return with(new Route("GET", path, null, true, handler));
    }

    /** These and one for POST with a JSON body; another content type is a 415. */
    public Routes post(String path, Handler handler) {
        return with(new Route("POST", path, "application/json", false, handler));
    }

    /** These and one more. */
    public Routes with(Route route) {
        if (find(route.method(), route.path()).isPresent()) {
            throw new IllegalArgumentException(route.method() + " " + route.path() + " has a handler already");
        }
        List<Route> more = new ArrayList<>(routes);
        more.add(route);
        return new Routes(more, elsewhere);
    }

    /** The same, and this answer instead of a 404 for every path that none of them has. */
    public Routes elsewhere(HttpException refusal) {
        return new Routes(routes, refusal);
    }

    /** What a path hears that no route has. */
    HttpException missing() {
        return elsewhere != null
                ? elsewhere
                : new HttpException(404, "there is nothing at this path: GET /openapi.json lists what is there");
    }

    /** All, in the order in which they were added. */
    public List<Route> all() {
        return routes;
    }

    /** The route for a method and a path as sent. */
    public Optional<Route> find(String method, String path) {
        String asked = method.equals("HEAD") ? "GET" : method;
        return routes.stream()
                .filter(route -> route.path().equals(path) && route.method().equals(asked))
                .findFirst();
    }

    /** The methods that a path takes, as the header {@code Allow} lists them; empty when nothing is there. */
    public String allowed(String path) {
        TreeSet<String> methods = new TreeSet<>();
        for (Route route : routes) {
            if (route.path().equals(path)) {
                methods.add(route.method());
                if (route.method().equals("GET")) {
                    methods.add("HEAD");
                }
            }
        }
        return String.join(", ", methods);
    }
}
