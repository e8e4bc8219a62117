package tinyllm.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvCache;
import tinyllm.model.Chunk;

/** One step from plan to report. Used once. */
final class EngineStep {

    /** A request's part of the step. */
    private static final class Part {
        final ActiveRequest request;
        final int tokens;
        final int slot;
        final StepReport.Work work;
        final int known;
        final int before;
        int computed;
        int chosen = StepReport.NONE;

        @Nullable
        Throwable error;

        EngineModel.@Nullable Chosen outcome;

        Part(ActiveRequest request, int tokens) {
            this.request = request;
            this.tokens =
                    Math.min(tokens, request.tokens - request.computed); // more may be known than when it was planned
            this.slot = request.slot;
            this.work = request.decoding() ? StepReport.Work.DECODE : StepReport.Work.PREFILL;
            this.before = request.computed;
            this.computed = request.computed;
            this.known = request.known;
            request.known = 0;
        }

        boolean choosesToken() {
            return request.computed + tokens == request.tokens;
        }
    }

    private final EngineCore core;
    private final EngineModel model;
    private final EngineOptions options;
    private final SchedulerStep scheduler;
    private final Roster roster;
    private final Meter meter;
    private final PhaseClock clock = new PhaseClock();
    private final EngineEvents.Step event = new EngineEvents.Step();

    EngineStep(
            EngineCore core,
            EngineModel model,
            EngineOptions options,
            SchedulerStep scheduler,
            Roster roster,
            Meter meter) {
        this.core = core;
        this.model = model;
        this.options = options;
        this.scheduler = scheduler;
        this.roster = roster;
        this.meter = meter;
    }

    StepReport run() {
        double at = core.seconds();
        event.begin();
        SchedulerState state = roster.state(countPages().available(), this::known);
        StepPlan plan = scheduler.plan(state, options.policy());
        roster.check(plan, state);
        plan.preempted().forEach(id -> preempt(request(id)));
        plan.admitted().forEach(id -> admit(request(id)));
        List<Part> parts = new ArrayList<>();
        plan.work().forEach(work -> parts.add(new Part(request(work.sequence()), work.tokens())));
        clock.mark(PhaseClock.Phase.PLAN);
        compute(parts);
        parts.forEach(this::hand);
        clock.mark(PhaseClock.Phase.STREAM);
        return report(at, plan, parts);
    }

    private ActiveRequest request(long id) {
        return (ActiveRequest) Objects.requireNonNull(roster.get(id));
    }

    private PageCount countPages() {
        return PageCount.of(model, roster.running());
    }

    /** Where nobody else runs, all known pages are idle; otherwise some may be, and a plan must not count on more than there are. */
    private KnownPrefix known(Sequence waiting) {
        ActiveRequest request = request(waiting.id());
        int tokens = model.known(request.request.salt, request.ids.all());
        return new KnownPrefix(tokens, tokens / model.pool().pageTokens());
    }

    private void preempt(ActiveRequest request) {
        EngineEvents.pages(request.id, -request.pages);
        core.keep(request);
        request.closeCache();
        roster.preempt(request);
    }

    private void admit(ActiveRequest request) {
        boolean first = request.admission < 0;
        roster.admit(request);
        core.leaveQueue(request);
        KvCache cache = model.newCache(request.request.salt, request.ids.all());
        request.cache = cache;
        request.computed = cache.length();
        request.known = cache.length();
        request.pages = model.pages(cache).length;
        EngineEvents.pages(request.id, request.pages);
        if (first) {
            int cached = Math.min(request.promptTokens, cache.length());
            request.handle.cachedTokens(cached);
            meter.admitted(request.promptTokens, cached);
        }
    }

    /** The model call; when it fails, each part alone, so that one request can be blamed. */
    private void compute(List<Part> parts) {
        try {
            call(parts);
        } catch (Throwable e) {
            parts.forEach(this::takeBack);
            if (core.isStopped(e)) {
                throw e;
            }
            if (parts.size() > 1) {
                eachAlone(parts);
            } else {
                parts.getFirst().error = e;
            }
            boolean someWorked = parts.stream().anyMatch(part -> part.error == null);
            if (!someWorked) {
                ModelProbe.run(model); // throws when the model is to blame, and not the requests
            }
        }
    }

    private void eachAlone(List<Part> parts) {
        for (Part part : parts) {
            try {
                call(List.of(part));
            } catch (Throwable e) {
                if (core.isStopped(e)) {
                    parts.forEach(this::takeBack); // the tokens of those before were handed to nobody
                    throw e;
                }
                part.error = e;
                takeBack(part);
            }
        }
    }

    /** Tokens that a call left behind, whose outcome nobody gets, are no part of the text. */
    private void takeBack(Part part) {
        ActiveRequest r = part.request;
        KvCache cache = Objects.requireNonNull(r.cache);
        cache.rewind(cache.length() - part.before);
        r.computed = part.before;
        r.pages = model.pages(cache).length;
    }

    private void call(List<Part> parts) {
        List<Chunk> chunks = new ArrayList<>(parts.size());
        List<EngineModel.Draw> draws = new ArrayList<>();
        for (Part part : parts) {
            ActiveRequest r = part.request;
            boolean chooses = part.choosesToken();
            chunks.add(new Chunk(
                    r.ids.range(r.computed, r.computed + part.tokens), Objects.requireNonNull(r.cache), chooses));
            if (chooses) {
                draws.add(r.draw());
            }
        }
        List<EngineModel.Chosen> chosen = model.step(chunks, draws, clock);
        int next = 0;
        for (Part part : parts) {
            part.outcome = part.choosesToken() ? chosen.get(next++) : null;
        }
        parts.forEach(this::advance);
    }

    private void advance(Part part) {
        ActiveRequest r = part.request;
        KvCache cache = Objects.requireNonNull(r.cache);
        r.computed += part.tokens;
        part.computed = r.computed;
        int before = r.pages;
        r.pages = model.pages(cache).length;
        EngineEvents.pages(r.id, r.pages - before);
    }

    /** A token for its caller, or the request's end. */
    private void hand(Part part) {
        ActiveRequest r = part.request;
        EngineModel.Chosen chosen = part.outcome;
        Throwable error = part.error;
        if (error != null) {
            core.finish(r, FinishReason.ERROR, error);
        } else if (chosen != null && chosen.error() != null) {
            core.finish(r, FinishReason.ERROR, broken(r, chosen.error()));
        } else if (chosen != null) {
            part.chosen = chosen.token();
            accept(r, chosen);
        }
    }

    private void accept(ActiveRequest r, EngineModel.Chosen chosen) {
        long now = System.nanoTime();
        if (r.lastToken() != 0) {
            meter.nextToken((now - r.lastToken()) / 1e9);
        }
        boolean first = r.lastToken() == 0;
        FinishReason reason = null;
        Throwable error = null;
        core.listening().begin(r);
        try {
            reason = r.accept(chosen, model.ends().contains(chosen.token()), now);
        } catch (Throwable e) { // its detokenizer, its constraint or its listener
            error = e;
        }
        error = core.endListening(error);
        if (error != null) {
            core.finish(r, FinishReason.ERROR, error);
            return;
        }
        if (first) {
            meter.firstToken(r.firstTokenSeconds());
            core.keep(r); // for those who come while it runs
            r.pages = model.pages(Objects.requireNonNull(r.cache)).length;
        }
        if (reason != null) {
            core.finish(r, reason, null);
        }
    }

    private GenerationException broken(ActiveRequest r, RuntimeException e) {
        return new GenerationException(
                "generation stopped after " + r.generatedTokens() + " tokens: " + e.getMessage()
                        + model.firstNonFinite(r.ids.all()),
                e);
    }

    private StepReport report(double at, StepPlan plan, List<Part> parts) {
        List<StepReport.Row> rows = new ArrayList<>();
        Set<Long> worked = new HashSet<>();
        for (Part part : parts) {
            worked.add(part.request.id);
            rows.add(new StepReport.Row(
                    part.request.id,
                    part.slot,
                    part.work,
                    part.error == null ? part.tokens : 0,
                    part.computed,
                    part.request.pages,
                    part.known,
                    part.chosen));
        }
        for (SequenceState sequence : roster.running()) {
            if (!worked.contains(sequence.id)) {
                rows.add(StepReport.Row.idle(sequence));
            }
        }
        StepReport report = new StepReport(
                core.steps(),
                at,
                rows,
                plan.admitted(),
                plan.preempted(),
                core.ended(),
                roster.waiting().size(),
                countPages().report(),
                clock.phases());
        event.commit(report);
        return report;
    }
}
