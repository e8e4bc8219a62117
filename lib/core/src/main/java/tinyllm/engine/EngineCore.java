package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tinyllm.cache.KvCache;

/**
 * The engine without a thread: takes mail, asks the scheduler, moves pages, calls the model, hands out tokens. All methods but those that
 * say so belong to the one thread that steps.
 */
final class EngineCore {
    private static final Logger LOG = LoggerFactory.getLogger("tinyllm.engine");

    private final EngineModel model;
    private final EngineOptions options;
    private final Admission admission;
    private final Meter meter;
    private final boolean ownThread;
    private final SchedulerStep scheduler;
    private final Listening listening = new Listening();
    private final LinkedBlockingQueue<Runnable> mail = new LinkedBlockingQueue<>();
    private final Map<Long, ActiveRequest> open = new ConcurrentHashMap<>();
    private final List<StepReport.Ended> ended = new ArrayList<>();
    private final long began = System.nanoTime();
    private Roster roster;
    private long steps;
    private @Nullable Thread stepping;
    private volatile int running;
    private volatile int preempted;
    private volatile EngineHealth.State state = EngineHealth.State.SERVING;
    private volatile int restarts;
    private volatile String lastFailure = "";
    private volatile long stepBegan; // System.nanoTime() | 1; 0 between steps
    private volatile StepReport.Pages pages;

    /** @param ownThread the steps run on a thread of the engine's own, which nobody but its watchdog interrupts */
    EngineCore(EngineModel model, EngineOptions options, Admission admission, Meter meter, boolean ownThread) {
        this.model = model;
        this.options = options;
        this.admission = admission;
        this.meter = meter;
        this.ownThread = ownThread;
        this.scheduler = SchedulerFit.of(options.scheduler());
        this.roster = roster();
        this.pages = new StepReport.Pages(0, 0, 0, model.pool().size());
    }

    private Roster roster() {
        return new Roster(options.policy(), model.pool().pageTokens());
    }

    /** Seconds on the engine's clock. For any thread. */
    double seconds() {
        return (System.nanoTime() - began) / 1e9;
    }

    /** Hands a request over. For any thread. */
    void arrive(ActiveRequest request) {
        open.put(request.id, request);
        mail.add(() -> {
            try {
                roster.arrive(request);
            } catch (Throwable e) { // the queue's order
                finish(request, FinishReason.ERROR, e);
            }
        });
    }

    /** For any thread. */
    void cancel(long id) {
        mail.add(() -> {
            ActiveRequest request = open.get(id);
            if (request != null) {
                finish(request, FinishReason.CANCELLED, null);
            }
        });
    }

    /** Wakes a thread that waits for mail. For any thread. */
    void wake() {
        mail.add(() -> {});
    }

    private void readMail() {
        for (Runnable letter = mail.poll(); letter != null; letter = mail.poll()) {
            letter.run();
        }
    }

    /** Waits for mail, and reads it. */
    void awaitMail() throws InterruptedException {
        mail.take().run();
    }

    /** Whom nobody has told of an end yet. For any thread. */
    Map<Long, ActiveRequest> open() {
        return open;
    }

    /** Whether the model is to be tried again. */
    boolean restarting() {
        return state != EngineHealth.State.SERVING;
    }

    /** For any thread. */
    int running() {
        return running;
    }

    /** Requests that wait and have run before. For any thread. */
    int preempted() {
        return preempted;
    }

    /** As they were after the last step, or the last request's end. For any thread. */
    StepReport.Pages pages() {
        return pages;
    }

    /** For any thread. */
    EngineHealth health(boolean closed) {
        long since = stepBegan;
        return new EngineHealth(
                closed ? EngineHealth.State.CLOSED : state,
                restarts,
                lastFailure,
                since == 0 ? 0 : (System.nanoTime() - since) / 1e9);
    }

    /** When the step at hand began; 0 between steps. For any thread. */
    long stepBegan() {
        return stepBegan;
    }

    /** Says that the step at hand does not return. For the watchdog. */
    void hanging(String sentence) {
        state = EngineHealth.State.HANGING;
        lastFailure = sentence;
    }

    /** Who is called from the engine's thread. */
    Listening listening() {
        return listening;
    }

    /** Returns why the request fails: what was thrown, or that the watchdog had to interrupt it; null when all went well. */
    @Nullable
    Throwable endListening(@Nullable Throwable thrown) {
        GenerationException late = listening.end(thrown);
        if (late != null && stepBegan != 0) {
            stepBegan = System.nanoTime() | 1; // the rest of the step has a limit of its own
        }
        return late == null ? thrown : late;
    }

    /** Whether this came from outside to stop the step, so that nothing has failed. What a learner's code throws by itself is a failure. */
    boolean isStopped(Throwable e) {
        return e instanceof CancellationException
                && (!ownThread
                        || state == EngineHealth.State.HANGING
                        || Thread.currentThread().isInterrupted());
    }

    /** Whether this thread is in a step: a listener runs, and must not pull the pages away from under it. */
    boolean isStepping() {
        return stepping == Thread.currentThread();
    }

    /**
     * One step.
     *
     * @return null when there is nothing to do, or when the step failed as a whole
     * @throws CancellationException when the thread was interrupted; nothing is lost, and the next step goes on
     */
    @Nullable
    StepReport step() {
        Thread before = stepping;
        stepping = Thread.currentThread();
        try {
            return tryStep();
        } finally {
            stepping = before;
        }
    }

    private @Nullable StepReport tryStep() {
        readMail();
        if (state == EngineHealth.State.HANGING) {
            failAll(lastFailure, new CancellationException("the step was given up"));
        }
        if (state != EngineHealth.State.SERVING && !restart()) {
            return null;
        }
        endLate();
        if (roster.isEmpty()) {
            running = 0;
            preempted = 0;
            pages = PageCount.of(model, List.of()).report();
            return null;
        }
        stepBegan = System.nanoTime() | 1;
        try {
            StepReport report = new EngineStep(this, model, options, scheduler, roster, meter).run();
            steps++;
            pages = report.pages();
            meter.step(report, report.phases().seconds());
            ended.clear();
            options.listeners().forEach(listener -> tell(listener, report));
            return report;
        } catch (Throwable e) { // whatever it is: nobody may wait for ever
            boolean hangs = state == EngineHealth.State.HANGING && e instanceof CancellationException;
            if (!hangs && isStopped(e)) {
                throw e;
            }
            failAll(hangs ? lastFailure : sentence(e), e);
            return null;
        } finally {
            stepBegan = 0;
            running = roster.running().size();
            preempted = roster.preempted();
        }
    }

    private static String sentence(Throwable e) {
        return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
    }

    /** What watches must not break what it watches. */
    private void tell(StepListener listener, StepReport report) {
        try {
            listener.onStep(report);
        } catch (Throwable e) {
            lastFailure = "a listener of steps failed: " + sentence(e);
        }
    }

    private void endLate() {
        long now = System.nanoTime();
        for (SequenceState sequence : List.copyOf(roster.all())) {
            ActiveRequest request = (ActiveRequest) sequence;
            if (request.deadline != Long.MAX_VALUE && request.late(now)) {
                finish(
                        request,
                        FinishReason.ERROR,
                        new IllegalStateException("its deadline of " + request.request.deadline + " passed after "
                                + request.generatedTokens() + " tokens"));
            }
        }
    }

    /** Ends a request: its pages are free, its place is empty, and its caller knows. */
    void finish(ActiveRequest request, FinishReason reason, @Nullable Throwable error) {
        FinishReason why = reason;
        Throwable failure = error;
        if (why == FinishReason.STOP || why == FinishReason.LENGTH) {
            failure = flush(request);
            why = failure == null ? why : FinishReason.ERROR;
        }
        open.remove(request.id);
        leaveQueue(request);
        int held = request.pages;
        if (why != FinishReason.ERROR) {
            keep(request);
        }
        roster.remove(request);
        try {
            request.closeCache();
        } finally {
            EngineEvents.pages(request.id, -held);
            meter.ended(why); // before its caller learns of it
            request.handle.end(why, failure == null ? request.completion(why) : null, failure);
            ended.add(new StepReport.Ended(request.id, why));
            EngineEvents.request(request, why);
        }
    }

    private @Nullable Throwable flush(ActiveRequest request) {
        Throwable error = null;
        listening.begin(request);
        try {
            request.flush();
        } catch (Throwable e) {
            error = e;
        }
        return endListening(error);
    }

    /** What a request has computed may serve others that begin the same; numbers of a failed one may be broken. */
    void keep(ActiveRequest request) {
        KvCache cache = request.cache;
        if (cache != null && model.shares()) {
            model.keep(request.request.salt, request.ids.range(0, request.computed), cache);
        }
    }

    /** A request that runs, or has ended, no longer counts in the queue's bounds. */
    void leaveQueue(ActiveRequest request) {
        if (request.queued) {
            request.queued = false;
            admission.leave(request.promptBytes, request.promptTokens);
        }
    }

    /** Everybody fails at once, and the engine begins anew: never an engine that lives and answers nobody. */
    void failAll(String sentence, Throwable error) {
        state = EngineHealth.State.RESTARTING;
        lastFailure = sentence;
        endAll(error);
        restart();
    }

    /** Those who wait, too: the model may not work again for long. */
    private void endAll(Throwable error) {
        readMail();
        String sentence = "the engine failed, and with it all requests: " + lastFailure;
        for (SequenceState sequence : List.copyOf(roster.all())) {
            try {
                finish((ActiveRequest) sequence, FinishReason.ERROR, new GenerationException(sentence, error));
            } catch (Throwable again) {
                error.addSuppressed(again); // its pages go with the whole memory
            }
        }
        roster = roster();
    }

    /** New pages, and one token through the model. Returns false while that fails. */
    private boolean restart() {
        try {
            model.reset();
            ModelProbe.run(model);
            restarts++;
            state = EngineHealth.State.SERVING;
            return true;
        } catch (Throwable e) {
            lastFailure = "the engine can't restart: " + sentence(e);
            state = EngineHealth.State.RESTARTING;
            endAll(e);
            return false;
        }
    }

    /**
     * Ends everybody who is left, and frees the pages.
     *
     * @throws IllegalStateException when a page was not given back
     */
    void shutDown() {
        attempt(this::readMail);
        for (SequenceState sequence : List.copyOf(roster.all())) {
            attempt(() -> finish((ActiveRequest) sequence, FinishReason.CANCELLED, null));
        }
        for (ActiveRequest request : open.values()) { // whom something above was thrown for
            request.handle.end(
                    FinishReason.ERROR,
                    null,
                    new GenerationException(
                            "the engine was closed" + (lastFailure.isEmpty() ? "" : ": " + lastFailure), null));
        }
        open.clear();
        running = 0;
        preempted = 0;
        int held;
        try (model) {
            model.forget();
            held = model.pool().used();
        }
        if (held > 0) {
            throw new IllegalStateException(held + " pages were not given back");
        }
    }

    /** For what has to go on even if this fails. */
    private void attempt(Runnable action) {
        try {
            action.run();
        } catch (Throwable e) {
            lastFailure = sentence(e);
            LOG.warn("closing the engine goes on after a failure", e);
        }
    }

    long[] pageOwners() {
        return PageCount.owners(model, roster.running());
    }

    long steps() {
        return steps;
    }

    List<StepReport.Ended> ended() {
        return ended;
    }
}
