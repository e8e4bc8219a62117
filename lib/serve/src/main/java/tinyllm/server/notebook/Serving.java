package tinyllm.server.notebook;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import tinyllm.engine.EngineOptions;
import tinyllm.engine.PolicyFn;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.model.CausalLm;
import tinyllm.stream.AnswerStream;
import tinyllm.stream.ChatEvents;
import tinyllm.stream.EventStreamFn;
import tinyllm.stream.StreamFn;

/**
 * What a notebook's cells call to serve a model to OpenAI's clients on this machine. Imported statically. There is one server at a time:
 * serving again closes the one before.
 */
public final class Serving {

    /** What a second of waiting is worth to a policy that is given without it, in tokens. */
    public static final double TOKENS_PER_SECOND = 50;

    private static final AtomicReference<NotebookServer> CURRENT = new AtomicReference<>();

    /** A line for each answer belongs into a server's log; below a cell it would bury what the cell shows. */
    private static final String LOG_LEVEL = "org.slf4j.simpleLogger.log.tinyllm.http";

    static {
        if (System.getProperty(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, "warn");
        }
    }

    private Serving() {}

    /** Serves by the library's scheduler, first come first served. */
    public static NotebookServer serve(CausalLm model) {
        return serve(model, EngineOptions.standard());
    }

    /** Serves; a policy says who of those that wait goes first. */
    public static NotebookServer serve(CausalLm model, PolicyFn policy) {
        return serve(model, policy, ChatEvents::new, AnswerStream::new);
    }

    /** The same with limits of its own: who is admitted first, how many run at once, how many tokens a step has. */
    public static NotebookServer serve(CausalLm model, SchedulerPolicy policy) {
        return serve(model, EngineOptions.standard().with(policy));
    }

    /** The same with a scheduler of its own, a learner's of chapter 2.6 or 2.7 for instance. */
    public static NotebookServer serve(CausalLm model, SchedulerStep scheduler) {
        return serve(model, EngineOptions.standard().with(scheduler));
    }

    /** The same with an engine's options. */
    public static NotebookServer serve(CausalLm model, EngineOptions options) {
        return serve(model, options, ChatEvents::new, AnswerStream::new);
    }

    /**
     * The same; plain streamed chats are written by this event stream and brought to their clients by this stream.
     *
     * @param events makes the event stream of one answer: {@code MyEvents::new}
     * @param streams makes what brings it to its client: {@code MyStream::new}
     */
    public static NotebookServer serve(
            CausalLm model,
            PolicyFn policy,
            Supplier<? extends EventStreamFn> events,
            Supplier<? extends StreamFn> streams) {
        return serve(model, NotebookServer.options(policy, TOKENS_PER_SECOND), events, streams);
    }

    /**
     * The same with an engine's options.
     *
     * @throws IllegalStateException when no port of this machine is free
     */
    public static NotebookServer serve(
            CausalLm model,
            EngineOptions options,
            Supplier<? extends EventStreamFn> events,
            Supplier<? extends StreamFn> streams) {
        NotebookServer former = CURRENT.getAndSet(null);
        if (former != null) {
            former.close();
        }
        NotebookServer server = NotebookServer.start(model, options, events, streams);
        CURRENT.set(server);
        return server;
    }
}
