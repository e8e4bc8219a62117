package tinyllm.server.openai;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.Handler;

/** {@code GET /openapi.json}: the document that describes the routes, for programs. */
public final class OpenApi implements Handler {
    private final byte[] document = document();

    /** OpenAPI 3.1, as JSON. */
    static byte[] document() {
        try (InputStream in = Objects.requireNonNull(OpenApi.class.getResourceAsStream("openapi.json"))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void handle(Exchange exchange) {
        exchange.answer(200, Endpoint.JSON, document);
    }
}
