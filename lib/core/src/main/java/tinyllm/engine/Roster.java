package tinyllm.engine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who waits and who runs, in counts: the state that a scheduler sees, and how a plan changes it. The engine and the simulation keep one
 * each. For one thread.
 */
final class Roster {

    private final SchedulerPolicy policy;
    private final int pageTokens;
    private final WaitingQueue waiting;
    private final List<SequenceState> running = new ArrayList<>(); // by admission
    private final Map<Long, SequenceState> all = new HashMap<>();
    private final BitSet slots = new BitSet();
    private long admissions;

    Roster(SchedulerPolicy policy, int pageTokens) {
        this.policy = policy;
        this.pageTokens = pageTokens;
        this.waiting = new WaitingQueue(policy.order());
    }

    void arrive(SequenceState sequence) {
        waiting.add(sequence.snapshot());
        all.put(sequence.id, sequence);
    }

    /** By first admission; changes with the roster. */
    List<SequenceState> running() {
        return Collections.unmodifiableList(running);
    }

    /** In the policy's order; changes with the roster. */
    List<Sequence> waiting() {
        return waiting.sequences();
    }

    /** How many of those that wait have run before: they stand in front. */
    int preempted() {
        int count = 0;
        while (count < waiting.size() && waiting.sequences().get(count).admission() >= 0) {
            count++;
        }
        return count;
    }

    Collection<SequenceState> all() {
        return Collections.unmodifiableCollection(all.values());
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    @Nullable
    SequenceState get(long id) {
        return all.get(id);
    }

    SchedulerState state(int freePages, KnownPrefix.Lookup prefixes) {
        List<Sequence> now = new ArrayList<>(running.size());
        for (SequenceState sequence : running) {
            now.add(sequence.snapshot());
        }
        return new SchedulerState(now, waiting.sequences(), freePages, pageTokens, prefixes);
    }

    /** Takes a running request out, to wait in front of the queue. Its pages are the caller's business. */
    void preempt(SequenceState sequence) {
        leaveSlot(sequence);
        sequence.forget();
        sequence.preemptions++;
        waiting.add(sequence.snapshot());
    }

    /** Lets a waiting request run, in the lowest slot that is free. */
    void admit(SequenceState sequence) {
        waiting.remove(sequence.id);
        if (sequence.admission < 0) {
            sequence.admission = admissions++;
        }
        sequence.slot = slots.nextClearBit(0);
        slots.set(sequence.slot);
        int at = running.size();
        while (at > 0 && running.get(at - 1).admission > sequence.admission) {
            at--;
        }
        running.add(at, sequence);
    }

    /** Forgets a request that has ended. */
    void remove(SequenceState sequence) {
        if (sequence.running()) {
            leaveSlot(sequence);
        } else {
            waiting.remove(sequence.id);
        }
        all.remove(sequence.id);
        sequence.forget();
    }

    private void leaveSlot(SequenceState sequence) {
        running.remove(sequence);
        slots.clear(sequence.slot);
    }

    /** Refuses a plan that can't be carried out in this state. */
    void check(StepPlan plan, SchedulerState state) {
        PlanCheck.check(plan, state, policy);
    }
}
