package tinyllm.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler on a model that only costs time: the clock is a number, tokens are counted, and thousands of requests pass in a second.
 * Plans are checked as the engine checks them. Used once, by one thread.
 */
public final class Simulation {

    /**
     * @param arrives seconds from the start; not before the one ahead of it
     * @param promptTokens 1 or more
     * @param outputTokens when it ends, 1 or more
     * @param priority the higher, the earlier, where the policy looks at it
     */
    public record Request(double arrives, int promptTokens, int outputTokens, int priority) {}

    /**
     * @param seconds on the simulated clock
     * @param outputTokens that were chosen
     * @param computedTokens that passed through the model: more than the texts have, where something was computed again
     * @param meanWait seconds from arrival to the first token, averaged
     * @param longestWait seconds from arrival to the first token
     * @param longestGap seconds between two tokens of one request
     */
    public record Outcome(
            long requests,
            long steps,
            double seconds,
            long outputTokens,
            long computedTokens,
            long preemptions,
            double meanWait,
            double longestWait,
            double longestGap) {}

    private static final class Simulated extends SequenceState {
        private final int length; // of prompt and output
        private double last = Double.NaN;

        Simulated(long id, Request request) {
            super(id, request.promptTokens(), request.priority(), request.arrives());
            this.length = request.promptTokens() + request.outputTokens();
        }
    }

    private final SchedulerStep scheduler;
    private final SchedulerPolicy policy;
    private final int pages;
    private final int pageTokens;
    private final StepCost cost;
    private final Roster roster;
    private final List<StepReport.Ended> ended = new ArrayList<>();
    private int free;
    private double now;
    private long arrived;
    private long steps;
    private long outputTokens;
    private long computedTokens;
    private long preemptions;
    private double waits;
    private double longestWait;
    private double longestGap;

    public Simulation(SchedulerStep scheduler, SchedulerPolicy policy, int pages, int pageTokens, StepCost cost) {
        if (pages < 1 || pageTokens < 1) {
            throw new IllegalArgumentException(pages + " pages of " + pageTokens + " tokens hold nothing");
        }
        this.scheduler = scheduler;
        this.policy = policy;
        this.pages = pages;
        this.pageTokens = pageTokens;
        this.cost = cost;
        this.roster = new Roster(policy, pageTokens);
        this.free = pages;
    }

    /**
     * Serves all requests. While the queue is full, the next one is not taken from the source.
     *
     * @param maxWaiting requests that may wait
     * @param listener gets a report of each step; null for none
     * @throws PlanException when the scheduler's plan can't be carried out
     */
    public Outcome run(Iterator<Request> source, int maxWaiting, @Nullable StepListener listener) {
        Request next = source.hasNext() ? source.next() : null;
        while (next != null || !roster.isEmpty()) {
            if (roster.isEmpty() && next != null) {
                now = Math.max(now, next.arrives());
            }
            while (next != null && next.arrives() <= now && roster.waiting().size() < maxWaiting) {
                arrive(next);
                next = source.hasNext() ? source.next() : null;
            }
            step(listener);
        }
        return new Outcome(
                arrived,
                steps,
                now,
                outputTokens,
                computedTokens,
                preemptions,
                waits / Math.max(1, arrived),
                longestWait,
                longestGap);
    }

    private void arrive(Request request) {
        if (request.promptTokens() + (long) request.outputTokens() > (long) pages * pageTokens) {
            throw new IllegalArgumentException("a request of " + request.promptTokens() + " + " + request.outputTokens()
                    + " tokens never fits into " + pages + " pages of " + pageTokens);
        }
        roster.arrive(new Simulated(arrived++, request));
    }

    private void step(@Nullable StepListener listener) {
        SchedulerState state = roster.state(free, sequence -> KnownPrefix.NOTHING);
        StepPlan plan = scheduler.plan(state, policy);
        roster.check(plan, state);
        double began = now;
        for (long id : plan.preempted()) {
            SequenceState sequence = member(id);
            free += sequence.pages;
            roster.preempt(sequence);
            preemptions++;
        }
        plan.admitted().forEach(id -> roster.admit(member(id)));
        int decodeRows = 0;
        List<SequenceState> members = new ArrayList<>(plan.work().size());
        for (StepPlan.Work work : plan.work()) {
            SequenceState member = member(work.sequence());
            members.add(member);
            decodeRows += member.decoding() ? 1 : 0;
        }
        now += cost.seconds(decodeRows, plan.tokens() - decodeRows);
        List<StepReport.Row> rows = listener == null ? List.of() : new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            advance(members.get(i), plan.work().get(i).tokens(), listener == null ? null : rows);
        }
        if (listener != null) {
            listener.onStep(report(plan, began, rows));
        }
        steps++;
        ended.clear();
    }

    private SequenceState member(long id) {
        return Objects.requireNonNull(roster.get(id));
    }

    private void advance(SequenceState sequence, int tokens, @Nullable List<StepReport.Row> rows) {
        StepReport.Work kind = sequence.decoding() ? StepReport.Work.DECODE : StepReport.Work.PREFILL;
        int slot = sequence.slot;
        sequence.computed += tokens;
        computedTokens += tokens;
        int holds = Math.ceilDiv(sequence.computed, pageTokens);
        free -= holds - sequence.pages;
        sequence.pages = holds;
        boolean chose = sequence.computed == sequence.tokens;
        if (chose) {
            choose((Simulated) sequence);
        }
        if (rows != null) {
            int computed = slot == sequence.slot ? sequence.computed : sequence.tokens - 1;
            rows.add(new StepReport.Row(
                    sequence.id, slot, kind, tokens, computed, sequence.pages, 0, chose ? 0 : StepReport.NONE));
        }
    }

    private void choose(Simulated sequence) {
        sequence.tokens++;
        outputTokens++;
        if (Double.isNaN(sequence.last)) {
            double wait = now - sequence.arrived;
            waits += wait;
            longestWait = Math.max(longestWait, wait);
        } else {
            longestGap = Math.max(longestGap, now - sequence.last);
        }
        sequence.last = now;
        if (sequence.tokens == sequence.length) {
            free += sequence.pages;
            ended.add(new StepReport.Ended(sequence.id, FinishReason.LENGTH));
            roster.remove(sequence);
        }
    }

    private StepReport report(StepPlan plan, double began, List<StepReport.Row> worked) {
        List<StepReport.Row> rows = new ArrayList<>(worked);
        for (SequenceState sequence : roster.running()) {
            if (worked.stream().noneMatch(row -> row.request() == sequence.id)) {
                rows.add(StepReport.Row.idle(sequence));
            }
        }
        return new StepReport(
                steps,
                began,
                rows,
                plan.admitted(),
                plan.preempted(),
                ended,
                roster.waiting().size(),
                new StepReport.Pages(pages - free, 0, 0, free),
                new StepReport.Phases(0, now - began, 0, 0));
    }
}
