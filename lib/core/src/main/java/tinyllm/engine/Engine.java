package tinyllm.engine;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tinyllm.course.Mine;
import tinyllm.engine.RefusedException.Reason;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;

/**
 * Many requests share one model: they join and leave a batch between two steps, and each streams its own tokens. A request's text does
 * not depend on its neighbours. Takes requests from any thread; the steps run on a thread of its own, or, for {@link #manual}, one by one
 * as somebody asks for them.
 *
 * <pre>{@code
 * try (Engine engine = new Engine(model)) {
 *     RequestHandle sky = engine.submit(EngineRequest.user("Why is the sky blue?").maxTokens(200));
 *     RequestHandle sea = engine.submit(EngineRequest.user("And the sea?").maxTokens(200));
 *     sky.tokens().forEach(token -> print(token.text()));
 * }
 * }</pre>
 */
public final class Engine implements AutoCloseable {
    private final @Nullable CausalLm lm;
    private final EngineModel model;
    private final EngineOptions options;
    private final boolean manual;
    private final Admission admission;
    private final Meter meter = new Meter();
    private final EngineCore core;
    private final AtomicLong ids = new AtomicLong();
    private @Nullable EngineThread thread;
    private volatile boolean closed;
    private long drainUntil; // System.nanoTime(); when it is closed

    /** With {@link EngineOptions#standard()}. */
    public Engine(CausalLm model) {
        this(model, EngineOptions.standard());
    }

    /**
     * @throws tinyllm.tensor.TensorMemoryException when weights, pages and a step don't fit into the budget of tensors together
     * @throws IllegalArgumentException when the budget of pages is less than one page
     */
    public Engine(CausalLm model, EngineOptions options) {
        this(model, new LmModel(model, options), options, false);
    }

    /** Without a thread: {@link #step()} runs one step, and reading a request's tokens runs as many as that takes. */
    public static Engine manual(CausalLm model) {
        return manual(model, EngineOptions.standard());
    }

    /** The same with options. */
    public static Engine manual(CausalLm model, EngineOptions options) {
        return new Engine(model, new LmModel(model, options), options, true);
    }

    Engine(@Nullable CausalLm lm, EngineModel model, EngineOptions options, boolean manual) {
        this.lm = lm;
        this.model = model;
        this.options = options;
        this.manual = manual;
        this.admission =
                new Admission(options.bounds(), model.context(), model.pool().tokens());
        this.core = new EngineCore(model, options, admission, meter, !manual);
    }

    /**
     * A new engine in this one's place, with everything that the learner has solved: the scheduler, the sampler's steps, who counts the
     * owners of pages, what the prefix cache finds its pages by, and the model's parts where it was loaded for the kernels
     * {@code reference}; the library's for the rest. Shows whose is whose. This one is closed.
     *
     * @throws IllegalStateException when this engine has requests already, or the notebook library is not on the class path
     */
    public Engine withMine() {
        Mine mine = Mine.load().only(Engine::hasPlaceFor);
        mine.show();
        return with(mine);
    }

    /** The same with these answers; of two for one place the later. */
    public Engine with(Mine mine) {
        if (lm == null || ids.get() > 0) {
            throw new IllegalStateException(
                    "this engine has had requests: ask for your own parts before the first one");
        }
        close();
        CausalLm parts = parts(lm, mine);
        EngineOptions own = options.with(mine);
        return manual ? manual(parts, own) : new Engine(parts, own);
    }

    /** The model with the learner's parts in it, as far as its kernels can be replaced: the kernels {@code reference} alone can. */
    public static CausalLm parts(CausalLm model, Mine mine) {
        return model.kernels() == KernelSet.REFERENCE ? model.with(mine) : model;
    }

    /** Whether an engine uses answers of this interface. */
    public static boolean hasPlaceFor(Class<?> contract) {
        return EngineOptions.hasPlaceFor(contract) || CausalLm.hasPlaceFor(contract);
    }

    /**
     * Takes a request.
     *
     * @throws RefusedException when it never fits, the queue is full, or the engine does not serve
     * @throws IllegalArgumentException when the prompt is empty, or an id is out of range
     */
    public RequestHandle submit(EngineRequest request) {
        try {
            serving();
            long bytes = bytes(request);
            admission.enter(bytes);
            return arrive(active(request, bytes));
        } catch (Throwable e) {
            meter.refused();
            throw e;
        }
    }

    private void serving() {
        EngineHealth health = health();
        if (closed) {
            throw new RefusedException(Reason.CLOSED, "the engine is closed: make a new one");
        }
        if (!health.serves()) {
            throw new RefusedException(
                    Reason.UNHEALTHY, "the engine does not serve now: " + health.lastFailure() + "; try again later");
        }
    }

    private static long bytes(EngineRequest request) {
        return switch (request.form) {
            case TOKENS -> 4L * request.tokens.length;
            case RENDERED -> utf8(request.rendered.toString());
            case TEXT, TEXT_WITH_SPECIALS, USER -> utf8(request.text);
        };
    }

    private static long utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** Leaves the queue with all that it counted in there when it is not to be: a template may even overflow the stack. */
    private ActiveRequest active(EngineRequest request, long bytes) {
        int tokens = 0;
        try {
            LogitEdits edits = edits(request);
            int[] prompt = prompt(request);
            int most = admission.answerTokens(prompt.length, request.maxTokens);
            if (request.maxTokens == 0 && request.usualTokens > 0) {
                most = Math.min(most, request.usualTokens);
            }
            admission.enterTokens(prompt.length);
            tokens = prompt.length;
            RequestHandle handle = new RequestHandle(ids.getAndIncrement(), core::cancel, manual ? this::step : null);
            return new ActiveRequest(
                    handle, request, prompt, bytes, most, model.tokenizer(), edits, System.nanoTime(), core.seconds());
        } catch (Throwable e) {
            admission.leave(bytes, tokens);
            throw e;
        }
    }

    private RequestHandle arrive(ActiveRequest request) {
        RequestHandle handle = request.handle;
        core.arrive(request);
        meter.submitted();
        start();
        if (closed) { // between the check and now
            handle.end(FinishReason.ERROR, null, new RefusedException(Reason.CLOSED, "the engine was closed"));
        }
        return handle;
    }

    private LogitEdits edits(EngineRequest request) {
        int known = Math.min(model.tokenizer().vocabSize(), model.vocabulary());
        for (int id : request.adjustments.bias().keySet()) {
            if (id >= known) {
                throw new IllegalArgumentException(
                        "logit_bias names the token " + id + ", which is not in 0…" + (known - 1));
            }
        }
        if (request.constraint == null) {
            return new LogitEdits(request.adjustments, null, Set.of());
        }
        if (request.ignoreEnd || model.ends().isEmpty()) {
            throw new IllegalArgumentException("a constrained answer needs a token that ends it, but "
                    + (request.ignoreEnd ? "the request ignores them" : "the model names none"));
        }
        return new LogitEdits(request.adjustments, request.constraint.get(), model.ends());
    }

    private int[] prompt(EngineRequest request) {
        int[] prompt = switch (request.form) {
            case TOKENS -> request.tokens;
            case TEXT -> model.tokenizer().encode(request.text);
            case TEXT_WITH_SPECIALS -> model.tokenizer().encodeWithSpecials(request.text);
            case USER -> chat(request.text);
            case RENDERED -> model.tokenizer().encode(request.rendered);
        };
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty: give at least one token");
        }
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] < 0 || prompt[i] >= model.vocabulary()) {
                throw new IllegalArgumentException("token " + prompt[i] + " at position " + i + " is not in 0…"
                        + (model.vocabulary() - 1) + ", the model's vocabulary");
            }
        }
        return prompt;
    }

    private int[] chat(String message) {
        if (lm == null || message.isBlank()) {
            throw new IllegalArgumentException("the prompt is empty: write what the model should answer");
        }
        List<Map<String, Object>> messages = List.of(Map.of("role", "user", "content", message));
        return lm.tokenizer().encode(lm.chatTemplate().render(messages, List.of(), true));
    }

    private synchronized void start() {
        if (thread == null && !closed && !manual) {
            thread = new EngineThread(core, options.stepLimit());
        }
    }

    /**
     * Runs one step of a manual engine on this thread.
     *
     * @return what it did; null when there is nothing to do
     * @throws IllegalStateException when the engine has its own thread
     * @throws CancellationException when this thread was interrupted; nothing is lost, and the next step goes on
     */
    public synchronized @Nullable StepReport step() {
        if (!manual) {
            throw new IllegalStateException("this engine runs its steps on a thread of its own;"
                    + " Engine.manual(model) makes one that waits for step()");
        }
        if (closed) {
            return null;
        }
        try {
            return core.step();
        } finally {
            if (closed && !core.isStepping()) { // by a listener in this step
                shutDown();
            }
        }
    }

    /** Runs a manual engine until there is nothing to do. */
    public List<StepReport> steps() {
        List<StepReport> reports = new ArrayList<>();
        for (StepReport report = step(); report != null; report = step()) {
            reports.add(report);
        }
        return reports;
    }

    /**
     * Who holds each page of a manual engine now, page by page: a request's id, or one of {@link PageOwner}.
     *
     * @throws IllegalStateException when the engine has its own thread, which moves pages meanwhile
     */
    public synchronized long[] pageOwners() {
        if (!manual || closed) {
            throw new IllegalStateException("only a manual engine that is open has pages that stand still");
        }
        return core.pageOwners();
    }

    /** For any thread. */
    public EngineHealth health() {
        return core.health(closed);
    }

    /** For any thread. */
    public EngineMetrics metrics() {
        return meter.metrics(admission.requests() + core.preempted(), core.running());
    }

    /** Who holds how many pages, as it was after the last step or the last request's end; for any thread. */
    public StepReport.Pages pages() {
        return core.pages();
    }

    /** The most tokens that prompt and answer may have together: the model's context, or all pages if these hold fewer. */
    public int capacity() {
        return admission.capacity();
    }

    /** Cancels what is left, and frees the pages. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /**
     * Takes no more requests, waits so long for those that are there, cancels what is left, and frees the pages. Closing again does
     * nothing. A listener may close its engine, too: it ends after the step that calls the listener.
     *
     * @throws IllegalStateException when a page was not given back, which is a bug of this library
     */
    public void close(Duration drain) {
        long nanos = Nanos.of(drain);
        EngineThread running;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            drainUntil = System.nanoTime() + nanos;
            running = thread;
            if (running == null && core.isStepping()) {
                return;
            }
        }
        if (running == null) {
            shutDown();
        } else {
            running.stop(drainUntil);
        }
    }

    private void shutDown() {
        try {
            while (manual && !core.open().isEmpty() && System.nanoTime() - drainUntil < 0) {
                core.step();
            }
        } finally {
            core.shutDown();
        }
    }
}
