package tinyllm.server.notebook;

import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tinyllm.engine.Engine;
import tinyllm.engine.EngineRequest;
import tinyllm.engine.RefusedException;
import tinyllm.engine.RequestHandle;
import tinyllm.server.http.ClientGoneException;
import tinyllm.server.http.EventWriter;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.HttpException;
import tinyllm.server.openai.OwnStreams;
import tinyllm.stream.ClientLeftException;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamClient;
import tinyllm.stream.StreamFn;
import tinyllm.stream.StreamHead;
import tinyllm.text.Tokenizer;

/** Brings plain chats to their clients by event streams that may be a learner's: whatever these do, no request stays behind. */
final class NotebookStreams implements OwnStreams.Bringer {

    private final Tokenizer tokenizer;
    private final Supplier<? extends EventStreamFn> events;
    private final Supplier<? extends StreamFn> streams;
    private final Heard heard;
    private final StepLog log;

    NotebookStreams(
            Tokenizer tokenizer,
            Supplier<? extends EventStreamFn> events,
            Supplier<? extends StreamFn> streams,
            Heard heard,
            StepLog log) {
        this.tokenizer = tokenizer;
        this.events = events;
        this.streams = streams;
        this.heard = heard;
        this.log = log;
    }

    @Override
    public void bring(
            Exchange exchange, Engine engine, String model, EngineRequest asked, boolean usage, boolean stops) {
        long now = System.nanoTime();
        HandleAnswer answer = new HandleAnswer(tokenizer, stops);
        RequestHandle handle = submit(engine, asked.onToken(answer::add));
        log.arrived(handle.id(), now, answer::firstNanos);
        handle.whenDone(() -> log.ended(handle.id(), handle.finishReason()));
        answer.begin(
                handle,
                new StreamHead("chatcmpl-" + handle.id(), model, Instant.now().getEpochSecond(), usage));
        try {
            log.sent(
                    handle.id(),
                    streams.get().stream(answer, new ExchangeClient(exchange, exchange.events()), events.get()));
        } catch (CancellationException | HttpException e) {
            throw e;
        } catch (RuntimeException e) {
            heard.note(e);
            throw new HttpException(500, "the notebook's own code failed; its cell says how");
        } finally {
            handle.cancel(); // nothing happens where it has ended
        }
    }

    private static RequestHandle submit(Engine engine, EngineRequest asked) {
        try {
            return engine.submit(asked);
        } catch (RefusedException e) {
            throw e; // the server knows what to say
        } catch (IllegalArgumentException e) {
            throw new HttpException(400, String.valueOf(e.getMessage()));
        }
    }

    /** The other end of an exchange. */
    private record ExchangeClient(Exchange exchange, EventWriter writer) implements StreamClient {

        @Override
        public void send(String text) {
            if (text.isEmpty()) {
                return;
            }
            try {
                writer.framed(text);
            } catch (ClientGoneException e) {
                throw new ClientLeftException();
            }
        }

        @Override
        public void onGone(Runnable action) {
            exchange.onGone(action);
        }

        @Override
        public void close() {
            writer.close();
        }
    }
}
