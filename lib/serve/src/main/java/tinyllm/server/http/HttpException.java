package tinyllm.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request that is refused, with the sentence that its sender reads. The answer's body has OpenAI's form:
 *
 * <pre>{@code {"error": {"message": "…", "type": "invalid_request_error", "param": "max_tokens", "code": null}}}</pre>
 */
public final class HttpException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private static final JsonMapper JSON = new JsonMapper();

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final int retryAfter;

    private HttpException(
            int status, String message, String type, @Nullable String param, @Nullable String code, int retryAfter) {
        super(message, null, false, false);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.retryAfter = retryAfter;
    }

    /**
     * @param status from 400 to 599
     * @param message what is wrong and what to do, without anything of the server's inside
     */
    public HttpException(int status, String message) {
        this(status, message, type(status), null, null, 0);
    }

    /** A request with a field that is wrong: 400. */
    public static HttpException field(String param, String message) {
        return new HttpException(400, message).param(param);
    }

    /** OpenAI's word for a status. */
    private static String type(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 429 -> "rate_limit_error";
            case 503 -> "service_unavailable_error";
            default -> status < 500 ? "invalid_request_error" : "server_error";
        };
    }

    /** The same, naming the field that is wrong, as in {@code messages.0.role}. */
    public HttpException param(String name) {
        return new HttpException(status, message(), type, name, code, retryAfter);
    }

    /** The same with a word for programs, as in {@code context_length_exceeded}. */
    public HttpException code(String word) {
        return new HttpException(status, message(), type, param, word, retryAfter);
    }

    /** The same with the header {@code Retry-After}, in seconds from 1 on. */
    public HttpException retryAfter(int seconds) {
        return new HttpException(status, message(), type, param, code, Math.max(1, seconds));
    }

    public int status() {
        return status;
    }

    /** Seconds of the header {@code Retry-After}; 0 for none. */
    public int retryAfter() {
        return retryAfter;
    }

    /** The sentence. */
    public String message() {
        return String.valueOf(getMessage());
    }

    /** The answer's body, and an error event's data: one line of JSON. */
    public String json() {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("message", message());
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return JSON.writeValueAsString(Map.of("error", error));
    }
}
