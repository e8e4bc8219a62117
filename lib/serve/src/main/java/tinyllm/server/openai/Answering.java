package tinyllm.server.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.engine.Completion;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.FinishReason;
import tinyllm.engine.RefusedException;
import tinyllm.engine.RequestHandle;
import tinyllm.engine.Token;
import tinyllm.sampling.grammar.GrammarException;
import tinyllm.server.Refusals;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.node.ObjectNode;

/** A job while the engine works on it: the tokens of all its answers, in the order in which they come. Read by one thread. */
final class Answering {

    /** A token, or the end of one of the answers. */
    private record Update(int choice, @Nullable Token token) {}

    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.server");

    private final Job job;
    private final String requestId;
    private final LinkedBlockingQueue<Update> updates = new LinkedBlockingQueue<>();
    private final List<RequestHandle> handles = new ArrayList<>();

    private Answering(Job job, String requestId) {
        this.job = job;
        this.requestId = requestId;
    }

    /**
     * Hands all requests of a job to its engine, or none.
     *
     * @param requestId that the client knows its request by: the log names it where the model fails
     * @throws HttpException 400, 429 or 503 when the engine refuses one
     */
    static Answering start(Job job, String requestId) {
        Answering answering = new Answering(job, requestId);
        try {
            for (EngineRequest request : job.requests()) {
                answering.submit(request);
            }
        } catch (RefusedException e) {
            answering.cancel();
            throw Refusals.of(e);
        } catch (IllegalArgumentException e) {
            answering.cancel();
            throw new HttpException(400, String.valueOf(e.getMessage()));
        }
        return answering;
    }

    private void submit(EngineRequest request) {
        int choice = handles.size();
        RequestHandle handle =
                job.model().engine().submit(request.onToken(token -> updates.add(new Update(choice, token))));
        handles.add(handle);
        handle.whenDone(() -> updates.add(new Update(choice, null)));
    }

    /** Ends all answers; for any thread. */
    void cancel() {
        handles.forEach(RequestHandle::cancel);
    }

    /**
     * Reads to the end of all answers.
     *
     * @param events takes the events of a stream
     * @throws HttpException when one fails; the others are cancelled
     * @throws InterruptedException when the reading thread is told to stop; all are cancelled
     */
    void run(Consumer<ObjectNode> events) throws InterruptedException {
        AnswerWriter writer = job.writer();
        try {
            writer.begin().forEach(events);
            int open = handles.size();
            while (open > 0) {
                Update update = updates.take();
                if (update.token != null) {
                    writer.token(update.choice, update.token).forEach(events);
                } else {
                    RequestHandle handle = handles.get(update.choice);
                    FinishReason reason = Objects.requireNonNull(handle.finishReason());
                    writer.end(update.choice, reason, completion(handle, reason), handle.cachedTokens())
                            .forEach(events);
                    open--;
                }
            }
            writer.finish().forEach(events);
        } finally {
            cancel();
        }
    }

    private Completion completion(RequestHandle handle, FinishReason reason) {
        if (reason == FinishReason.CANCELLED) {
            throw new HttpException(503, "the request was cancelled by the server")
                    .code("cancelled")
                    .retryAfter(1);
        }
        for (Throwable cause = handle.error(); cause != null; cause = cause.getCause()) {
            if (cause instanceof GrammarException) {
                throw new HttpException(400, "the schema: " + cause.getMessage()).code("schema_too_complex");
            }
        }
        if (reason == FinishReason.ERROR) {
            LOG.error("{} the model failed on this request", requestId, handle.error());
            throw new HttpException(500, "the model failed on this request; the server's log says why")
                    .code("generation_failed");
        }
        return handle.result();
    }
}
