package tinyllm.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request while it arrives: its header is there, its body grows. Belongs to its connection's event loop until it is whole. */
final class IncomingRequest {

    private final HttpRequest request;
    private final BodyBudget budget;
    private final Headers headers;
    private final String id;
    private final long began = System.nanoTime();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private long held;
    private Routes.@Nullable Route route;

    IncomingRequest(HttpRequest request, BodyBudget budget) {
        this.request = request;
        this.budget = budget;
        List<Header> lines = new ArrayList<>();
        request.headers().forEach(line -> lines.add(new Header(line.getKey(), printable(line.getValue()))));
        this.headers = new Headers(lines);
        this.id = RequestIds.of(headers.first("X-Request-Id"));
    }

    /** Stands for what never became a request. */
    static IncomingRequest none(BodyBudget budget) {
        HttpRequest nothing = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "");
        HttpUtil.setKeepAlive(nothing, false);
        return new IncomingRequest(nothing, budget);
    }

    /** Netty takes any byte above 127 in a value; a header of ours has none that could end it. */
    private static String printable(String value) {
        return value.chars().allMatch(c -> c >= ' ' && c < 127 || c == '\t')
                ? value
                : value.replaceAll("[^\\x20-\\x7e\\t]", "?");
    }

    /** @throws HttpException when it is refused */
    void enter(Door door) {
        route = door.enter(method(), request.uri(), headers);
    }

    /** @throws HttpException when the body is larger than one, or all together, may be */
    void add(ByteBuf piece, int limit) {
        int bytes = piece.readableBytes();
        int most = route().contentType() == null ? 0 : limit;
        if (held + bytes > most) {
            throw Door.tooLarge(most);
        }
        budget.take(bytes);
        held += bytes;
        byte[] copy = new byte[bytes];
        piece.readBytes(copy);
        body.writeBytes(copy);
    }

    /** Gives the body's bytes back to the budget. */
    void forget() {
        budget.giveBack(held);
        held = 0;
    }

    Routes.Route route() {
        return Objects.requireNonNull(route, "the request was not let in");
    }

    /** For logs and metrics: a path that we have ourselves, or none. */
    String routePath() {
        return route == null ? "other" : route.path();
    }

    String id() {
        return id;
    }

    String method() {
        return request.method().name();
    }

    /** For logs: the method where it looks like one. */
    String methodWord() {
        return method().matches("[A-Z]{1,16}") ? method() : "?";
    }

    /** As it was sent, without the query. */
    String path() {
        return Door.path(request.uri());
    }

    String query() {
        return Door.query(request.uri());
    }

    Headers headers() {
        return headers;
    }

    byte[] bytes() {
        return body.toByteArray();
    }

    long began() {
        return began;
    }

    /** Whether nothing more belongs to it than its header. */
    boolean isWhole() {
        return headers.first("Content-Length") == null && headers.first("Transfer-Encoding") == null;
    }

    boolean keepsAlive() {
        return HttpUtil.isKeepAlive(request);
    }

    boolean isHead() {
        return request.method().equals(HttpMethod.HEAD);
    }

    /** Clients of HTTP/1.0 know no chunks. */
    boolean takesChunks() {
        return request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0;
    }
}
