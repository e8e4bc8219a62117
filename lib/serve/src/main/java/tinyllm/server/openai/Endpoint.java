package tinyllm.server.openai;

import org.jspecify.annotations.Nullable;
import tinyllm.server.http.EventWriter;
import tinyllm.server.http.Exchange;
import tinyllm.server.http.Handler;
import tinyllm.server.http.HttpException;
import tools.jackson.databind.node.ObjectNode;

/** What all ways of asking have in common: a body is read, the engine works, and an answer or its events go out. */
abstract class Endpoint implements Handler {
    static final String JSON = "application/json";

    private final ServedModels models;

    Endpoint(ServedModels models) {
        this.models = models;
    }

    /** @throws HttpException 400 or 404, naming the field that is wrong */
    abstract Job read(ObjectNode body, ServedModels models);

    @Override
    public final void handle(Exchange exchange) throws InterruptedException {
        Job job = read(RequestJson.object(exchange.body()), models);
        Answering answering = Answering.start(job, exchange.requestId());
        exchange.onGone(answering::cancel);
        if (job.streams()) {
            stream(exchange, job, answering);
            return;
        }
        try {
            answering.run(event -> {});
        } catch (HttpException e) {
            if (!exchange.gone()) { // else it was cancelled for that
                throw e;
            }
        }
        if (!exchange.gone()) {
            exchange.answer(200, JSON, Words.utf8(RequestJson.write(job.writer().whole())));
        }
    }

    private static void stream(Exchange exchange, Job job, Answering answering) throws InterruptedException {
        AnswerWriter writer = job.writer();
        EventWriter events = open(exchange, answering);
        try {
            answering.run(event -> send(events, writer, event));
            if (!writer.namesEvents()) {
                events.event("[DONE]");
            }
        } catch (HttpException e) {
            @Nullable ObjectNode last = writer.failed(e);
            if (last == null) {
                throw e; // the server writes it as an event, and ends the stream
            }
            send(events, writer, last);
        }
        events.close();
    }

    private static EventWriter open(Exchange exchange, Answering answering) {
        try {
            return exchange.events();
        } catch (RuntimeException e) {
            answering.cancel();
            throw e;
        }
    }

    private static void send(EventWriter events, AnswerWriter writer, ObjectNode event) {
        String data = RequestJson.write(event);
        if (writer.namesEvents()) {
            events.event(event.get("type").stringValue(), data);
        } else {
            events.event(data);
        }
    }
}
