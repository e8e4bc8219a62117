package tinyllm.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Answers as Netty sends them, with the lines that each of ours has. */
final class Answers {

    private static final String JSON = "application/json";
    private static final Pattern CLIENT_NAME = Pattern.compile("(?i)x-stainless-[a-z0-9-]{1,40}");
    private static final int MOST_NAMES = 64;

    private Answers() {}

    static DefaultFullHttpResponse whole(
            int status, String contentType, byte[] body, IncomingRequest request, Door door, Header... more) {
        ByteBuf bytes = request.isHead() ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(body);
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), bytes);
        HttpHeaders headers = response.headers();
        common(headers, request, door);
        headers.set(HttpHeaderNames.CONTENT_TYPE, contentType);
        if (status != 204 && status != 304) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        }
        for (Header header : more) {
            headers.set(header.name(), header.value());
        }
        return response;
    }

    static DefaultFullHttpResponse error(HttpException refusal, IncomingRequest request, Door door) {
        byte[] body = refusal.json().getBytes(StandardCharsets.UTF_8);
        return whole(refusal.status(), JSON, body, request, door, lines(refusal, request, door));
    }

    private static Header[] lines(HttpException refusal, IncomingRequest request, Door door) {
        if (refusal.retryAfter() > 0) {
            return new Header[] {new Header("Retry-After", Integer.toString(refusal.retryAfter()))};
        }
        return switch (refusal.status()) {
            case 401 -> new Header[] {new Header("WWW-Authenticate", challenge(request))};
            case 405 -> new Header[] {new Header("Allow", door.allowed(request.path()))};
            default -> new Header[0];
        };
    }

    /** A browser that opens a page asks its user for the key; a program is not asked. */
    private static String challenge(IncomingRequest request) {
        String accepts = request.headers().first("Accept");
        return accepts != null && accepts.contains("text/html")
                ? "Basic realm=\"the API key is the password\", charset=\"UTF-8\""
                : "Bearer";
    }

    static HttpResponse events(IncomingRequest request, Door door) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        HttpHeaders headers = response.headers();
        common(headers, request, door);
        headers.set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        headers.set("X-Accel-Buffering", "no"); // a proxy in between must not collect
        if (request.takesChunks() && !request.isHead()) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        return response;
    }

    /** What a browser may send from a page of another origin. */
    static DefaultFullHttpResponse preflight(@Nullable String origin, IncomingRequest request) {
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.NO_CONTENT, Unpooled.EMPTY_BUFFER);
        HttpHeaders headers = response.headers();
        if (origin != null) {
            allow(headers, origin);
        }
        headers.set("X-Request-Id", request.id());
        headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, String.join(", ", sendable(request)));
        headers.set(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, "600");
        return response;
    }

    /** OpenAI's client for JavaScript adds lines that say what it runs on; the names of those are taken too, where it asks for them. */
    private static List<String> sendable(IncomingRequest request) {
        List<String> names = new ArrayList<>(List.of("Authorization", "Content-Type", "X-Request-Id"));
        String asked = request.headers().first("Access-Control-Request-Headers");
        for (String name : asked == null ? new String[0] : asked.split(",", MOST_NAMES)) {
            if (CLIENT_NAME.matcher(name.strip()).matches()) {
                names.add(name.strip());
            }
        }
        return names;
    }

    private static void common(HttpHeaders headers, IncomingRequest request, Door door) {
        headers.set("X-Request-Id", request.id());
        headers.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        headers.set("X-Content-Type-Options", "nosniff");
        String origin = door.crossOrigin(request.headers());
        if (origin != null) {
            allow(headers, origin);
        }
    }

    private static void allow(HttpHeaders headers, String origin) {
        headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, "X-Request-Id, Retry-After");
        headers.set(HttpHeaderNames.VARY, "Origin");
    }
}
