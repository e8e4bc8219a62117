package tinyllm.server.notebook;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Completion;
import tinyllm.engine.FinishReason;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.Token;
import tinyllm.stream.StreamHead;
import tinyllm.stream.StreamPiece;
import tinyllm.stream.StreamedAnswer;
import tinyllm.text.Tokenizer;

/** An engine's request as pieces. The engine's thread puts them in, the thread that writes to the client takes them out. */
final class HandleAnswer implements StreamedAnswer {

    private static final long PAUSE_MILLIS = 1_000;
    private static final byte[] WAKE = {};

    private final Tokenizer tokenizer;
    private final boolean stops;
    private final LinkedBlockingQueue<byte[]> pieces = new LinkedBlockingQueue<>();
    private volatile long firstNanos;
    private @Nullable RequestHandle handle;
    private @Nullable StreamHead head;

    /** @param stops whether the text may end before a stop string: then what may be its begin is held back, and pieces are text */
    HandleAnswer(Tokenizer tokenizer, boolean stops) {
        this.tokenizer = tokenizer;
        this.stops = stops;
    }

    /** On the engine's thread. */
    void add(Token token) {
        if (firstNanos == 0) {
            firstNanos = System.nanoTime() | 1;
        }
        pieces.add(bytes(token));
    }

    private byte[] bytes(Token token) {
        if (stops) {
            return token.text().getBytes(UTF_8);
        }
        // The last piece is a character that was never finished: whoever joins the bytes says so himself.
        boolean none = token.id() == Token.TAIL || tokenizer.isSpecial(token.id());
        return none ? WAKE : tokenizer.bytes(token.id());
    }

    /** When the first token came, by System.nanoTime(); 0 before. For any thread. */
    long firstNanos() {
        return firstNanos;
    }

    void begin(RequestHandle taken, StreamHead its) {
        handle = taken;
        head = its;
        taken.whenDone(() -> pieces.add(WAKE));
    }

    @Override
    public StreamHead head() {
        return Objects.requireNonNull(head);
    }

    private RequestHandle handle() {
        return Objects.requireNonNull(handle);
    }

    @Override
    public StreamPiece next() {
        try {
            while (true) {
                boolean over = handle().isDone();
                byte @Nullable [] bytes = over ? pieces.poll() : pieces.poll(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                if (bytes != null && bytes.length > 0) {
                    return new StreamPiece.Text(bytes);
                }
                if (bytes == null) {
                    return over ? end(Objects.requireNonNull(handle().finishReason())) : new StreamPiece.Pause();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the server was closed");
        }
    }

    private StreamPiece end(FinishReason reason) {
        return switch (reason) {
            case STOP, LENGTH -> {
                Completion done = handle().result();
                yield new StreamPiece.End(
                        reason.word(), done.promptTokens(), done.tokens().size());
            }
            case CANCELLED -> new StreamPiece.Failed("the request was cancelled by the server");
            case ERROR -> new StreamPiece.Failed("the model failed on this request");
        };
    }

    @Override
    public void cancel() {
        handle().cancel();
    }
}
