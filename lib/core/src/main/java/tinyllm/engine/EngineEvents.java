package tinyllm.engine;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** What the engine tells the JDK's flight recorder. An event that nobody records costs next to nothing. */
final class EngineEvents {

    private EngineEvents() {}

    @Name("tinyllm.Step")
    @Label("Engine step")
    @Category("Tiny LLM Lab")
    @StackTrace(false)
    static final class StepEvent extends Event {
        @Label("Step")
        long step;

        @Label("Decode rows")
        int decodeRows;

        @Label("Prefill tokens")
        int prefillTokens;

        @Label("Waiting requests")
        int waiting;

        @Label("Preempted requests")
        int preempted;

        @Label("Pages used")
        int pagesUsed;

        @Label("Pages free")
        int pagesFree;

        @Label("Model")
        @Description("Nanoseconds of the model call")
        long modelNanos;
    }

    @Name("tinyllm.Pages")
    @Label("Pages taken or given back")
    @Category("Tiny LLM Lab")
    @StackTrace(false)
    static final class PagesEvent extends Event {
        @Label("Request")
        long request;

        @Label("Pages")
        @Description("Above 0 when they were taken, below when they were given back")
        int pages;
    }

    @Name("tinyllm.Request")
    @Label("Request ended")
    @Category("Tiny LLM Lab")
    @StackTrace(false)
    static final class RequestEvent extends Event {
        @Label("Request")
        long request;

        @Label("Reason")
        String reason = "";

        @Label("Prompt tokens")
        int promptTokens;

        @Label("Generated tokens")
        int generatedTokens;

        @Label("Preemptions")
        int preemptions;
    }

    /** The event of a step at hand. */
    static final class Step {
        private final StepEvent event = new StepEvent();

        void begin() {
            event.begin();
        }

        void commit(StepReport report) {
            if (event.shouldCommit()) {
                event.step = report.step();
                event.decodeRows = report.decodeRows();
                event.prefillTokens = report.prefillTokens();
                event.waiting = report.waiting();
                event.preempted = report.preempted().size();
                event.pagesUsed = report.pages().used();
                event.pagesFree = report.pages().free();
                event.modelNanos = (long) (report.phases().model() * 1e9);
                event.commit();
            }
        }
    }

    /** A request took pages, or gave some back (a negative count). */
    static void pages(long request, int count) {
        if (count != 0) {
            PagesEvent event = new PagesEvent();
            event.request = request;
            event.pages = count;
            event.commit();
        }
    }

    static void request(ActiveRequest request, FinishReason reason) {
        RequestEvent event = new RequestEvent();
        if (event.shouldCommit()) {
            event.request = request.id;
            event.reason = reason.word();
            event.promptTokens = request.promptTokens;
            event.generatedTokens = request.generatedTokens();
            event.preemptions = request.preemptions;
            event.commit();
        }
    }
}
