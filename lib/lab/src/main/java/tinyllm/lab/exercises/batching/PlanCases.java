package tinyllm.lab.exercises.batching;

import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.exercises.batching.PlanRun.Load;
import tinyllm.lab.exercises.batching.PlanRun.Situation;

/** The moments in which a scheduler of 2.6 or 2.7 is asked for its plan, and the requests that are met in them. */
final class PlanCases {

    private PlanCases() {}

    /** One plan, in a moment drawn from the seed. */
    static Case<SchedulerStep> situation(String name, LongFunction<Situation> situation) {
        return Case.of(name, situation, PlanRun::planned);
    }

    /** All plans from the first request to the last. */
    static Case<SchedulerStep> served(String name, LongFunction<Load> load) {
        return Case.of(name, load, PlanRun::served);
    }

    /** One that waits for the first time. */
    static Sequence waits(long id, int prompt) {
        return Sequence.waiting(id, prompt, 0);
    }

    /** One whose prompt is read and whose text has so many tokens. */
    static Sequence decodes(long id, int prompt, int tokens) {
        return Sequence.running(id, prompt, tokens, tokens - 1, Math.ceilDiv(tokens - 1, PlanRun.PAGE));
    }

    /** One whose prompt is read in part. */
    static Sequence reads(long id, int prompt, int computed) {
        return Sequence.running(id, prompt, prompt, computed, Math.ceilDiv(computed, PlanRun.PAGE));
    }

    /** Three short prompts that wait. */
    static List<Sequence> queue(long seed) {
        Draw draw = new Draw(seed);
        return List.of(waits(8, draw.between(2, 6)), waits(9, draw.between(2, 6)), waits(10, draw.between(2, 6)));
    }

    /** Three that decode, each within a page. */
    static List<Sequence> three(long seed) {
        return List.of(within(seed, 0), within(seed + 1, 2), within(seed + 2, 5));
    }

    /** Whose next token fits into its last page. */
    static Sequence within(long seed, long id) {
        return decodes(id, 2, 3 + PlanRun.PAGE * new Draw(seed + id).between(0, 3));
    }

    /** Whose next token needs a new page. */
    static Sequence border(long seed, long id) {
        return decodes(id, 2, 1 + PlanRun.PAGE * new Draw(seed + id).between(1, 3));
    }

    /** So many of {@link #border}. */
    static List<Sequence> atBorder(long seed, int count) {
        return LongStream.range(0, count).mapToObj(id -> border(seed, id)).toList();
    }

    /** At the border of a page, most of its pages from the prefix cache. */
    static Sequence sharing(long id, int tokens, int shared) {
        return new Sequence(id, 2, tokens, tokens - 1, (tokens - 1) / PlanRun.PAGE, shared, id, 0, 0);
    }
}
