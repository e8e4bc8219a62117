package tinyllm.engine;

import java.util.List;
import java.util.Locale;

/**
 * What one step did. Pictures of scheduling are drawn from these.
 *
 * @param step counted from 0
 * @param at when it began, in seconds on the engine's clock
 * @param rows one for each request that runs, those that worked first; also those that got nothing to do
 * @param admitted requests that joined
 * @param preempted requests that were taken out and wait again
 * @param ended requests that ended in this step, or since the one before
 * @param waiting requests that wait after the step
 * @param pages the pool after the step
 * @param phases where the time went
 */
public record StepReport(
        long step,
        double at,
        List<Row> rows,
        List<Long> admitted,
        List<Long> preempted,
        List<Ended> ended,
        int waiting,
        Pages pages,
        Phases phases) {

    /** Where a row has no token. */
    public static final int NONE = -1;

    /** What a request did in a step. */
    public enum Work {
        /** read a part of its prompt, or read its text again after a preemption */
        PREFILL,
        /** passed the token that was chosen last */
        DECODE,
        /** held its slot: the step's budget or the pages did not reach */
        IDLE
    }

    /**
     * @param slot from 0 to maxRunning - 1, kept while it runs
     * @param tokens that passed through the model
     * @param computed tokens whose keys and values are known after the step
     * @param pages that it holds after the step; 0 when it ended in it
     * @param knownTokens that the prefix cache gave it in this step
     * @param chosen the token that was chosen; {@link #NONE} when none was
     */
    public record Row(
            long request, int slot, Work work, int tokens, int computed, int pages, int knownTokens, int chosen) {

        /** Of a request that runs and got nothing to do. */
        static Row idle(SequenceState sequence) {
            return new Row(sequence.id, sequence.slot, Work.IDLE, 0, sequence.computed, sequence.pages, 0, NONE);
        }
    }

    /** A request's end. */
    public record Ended(long request, FinishReason reason) {}

    /**
     * @param used pages that requests hold, each counted once
     * @param shared of these, held by two or more
     * @param idle held by nobody, kept by the prefix cache until somebody needs the room
     * @param free empty
     */
    public record Pages(int used, int shared, int idle, int free) {
        public int total() {
            return used + idle + free;
        }
    }

    /**
     * Seconds of a step by phase.
     *
     * @param plan the scheduler, and its plan carried out on the pages
     * @param model the model call
     * @param sample choosing tokens
     * @param stream detokenizing, and handing tokens to those who wait for them
     */
    public record Phases(double plan, double model, double sample, double stream) {
        public double seconds() {
            return plan + model + sample + stream;
        }
    }

    public StepReport {
        rows = List.copyOf(rows);
        admitted = List.copyOf(admitted);
        preempted = List.copyOf(preempted);
        ended = List.copyOf(ended);
    }

    public int decodeRows() {
        return (int) rows.stream().filter(row -> row.work() == Work.DECODE).count();
    }

    public int prefillTokens() {
        return rows.stream()
                .filter(row -> row.work() == Work.PREFILL)
                .mapToInt(Row::tokens)
                .sum();
    }

    /** Tokens that were chosen. */
    public int chosenTokens() {
        return (int) rows.stream().filter(row -> row.chosen() >= 0).count();
    }

    /** One line, then one for each running request: slot, request, what it did, and its pages as blocks. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "step %d: %d decode rows, %d prefill tokens, %d waiting, pages %d used (%d shared) %d idle %d free, %.1f ms",
                step,
                decodeRows(),
                prefillTokens(),
                waiting,
                pages.used(),
                pages.shared(),
                pages.idle(),
                pages.free(),
                phases.seconds() * 1e3));
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "%n  slot %2d  request %-4d %-7s %4d tokens, %5d computed  %s",
                    row.slot(),
                    row.request(),
                    row.work().name().toLowerCase(Locale.ROOT),
                    row.tokens(),
                    row.computed(),
                    "▪".repeat(Math.min(64, row.pages()))));
        }
        admitted.forEach(id -> text.append(String.format("%n  request %d joined", id)));
        preempted.forEach(id -> text.append(String.format("%n  request %d was preempted and waits again", id)));
        ended.forEach(end -> text.append(String.format(
                "%n  request %d ended: %s", end.request(), end.reason().word())));
        return text.toString();
    }
}
