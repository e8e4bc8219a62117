package tinyllm.lab.exercises.batching;

import static tinyllm.lab.exercises.batching.PlanCases.atBorder;
import static tinyllm.lab.exercises.batching.PlanCases.border;
import static tinyllm.lab.exercises.batching.PlanCases.queue;
import static tinyllm.lab.exercises.batching.PlanCases.served;
import static tinyllm.lab.exercises.batching.PlanCases.sharing;
import static tinyllm.lab.exercises.batching.PlanCases.situation;
import static tinyllm.lab.exercises.batching.PlanCases.three;
import static tinyllm.lab.exercises.batching.PlanCases.waits;
import static tinyllm.lab.exercises.batching.PlanCases.within;

import java.util.List;
import tinyllm.engine.ContinuousBatching;
import tinyllm.engine.QueueOrder;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
import tinyllm.engine.StepPlan;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.batching.PlanRun.Load;
import tinyllm.lab.exercises.batching.PlanRun.Situation;

/** Exercise "2.6 scheduler": every situation is one in which all texts fit into a step's budget. */
public final class SchedulerExercise {

    /** Four places, 32 tokens a step, one spare page. */
    private static final SchedulerPolicy POLICY = new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 4, 32, 32, 1);

    public static final Exercise<SchedulerStep> SCHEDULER = mistakes(Exercise.of("2.6 scheduler", SchedulerStep.class)
                    .title("One step of the scheduler")
                    .reference(ContinuousBatching::new)
                    .hint(
                            "Three questions in this order: who must leave because pages are lacking, who goes on by one token, who"
                                    + " joins and reads its prompt.")
                    .hint(
                            "While the pages that one more token of everybody takes, the sum of pagesFor(1, pageTokens), are more"
                                    + " than are free, take the newest out (the last of the list) and count its ownPages() as free.")
                    .hint(
                            "Then join(waiting, maxRunning − running, stepTokens − running, free − spare pages, pageTokens), where"
                                    + " free is what the decoding ones leave, and the spare pages are 0 when nobody runs. Whoever joins is"
                                    + " in admitted and in work, with missing() tokens."))
            .check(situation("three decode, nobody waits", seed -> Situation.of(POLICY, 20, three(seed), List.of())))
            .check(situation("nobody runs, three wait", seed -> Situation.of(POLICY, 20, List.of(), queue(seed))))
            .check(situation("one place is free", seed -> Situation.of(POLICY, 20, three(seed), queue(seed))))
            .check(situation(
                    "the batch is full", seed -> Situation.of(POLICY.withMaxRunning(3), 20, three(seed), queue(seed))))
            .check(situation(
                    "the decoding ones take budget",
                    seed -> Situation.of(POLICY.withStepTokens(12), 30, three(seed), List.of(waits(8, 10)))))
            .check(situation(
                    "budget just for one prompt",
                    seed -> Situation.of(POLICY.withStepTokens(12), 30, three(seed), List.of(waits(8, 9)))))
            .check(situation(
                    "pages for the decoding ones first",
                    seed -> Situation.of(POLICY, 5, atBorder(seed, 2), List.of(waits(8, 8)))))
            .check(situation(
                    "a spare page is left",
                    seed -> Situation.of(POLICY, 3, List.of(within(seed, 0)), List.of(waits(8, 9)))))
            .check(situation(
                    "a prompt alone takes the spare page",
                    seed -> Situation.of(POLICY, 3, List.of(), List.of(waits(8, 9)))))
            .check(situation(
                    "one page short", seed -> Situation.of(POLICY, 2, atBorder(seed, 3), List.of(waits(8, 2)))))
            .check(situation(
                    "one page short, and the newest needs none",
                    seed -> Situation.of(
                            POLICY,
                            1,
                            List.of(border(seed, 0), border(seed, 1), within(seed, 2)),
                            List.of(waits(8, 2)))))
            .check(situation("no page at all", seed -> Situation.of(POLICY, 0, atBorder(seed, 4), List.of())))
            .check(situation(
                    "the newest shares its pages",
                    seed -> Situation.of(
                            POLICY, 0, List.of(border(seed, 0), border(seed, 1), sharing(2, 13, 3)), List.of())))
            .check(situation(
                    "one that was preempted comes back",
                    seed -> Situation.of(
                            POLICY, 20, List.of(within(seed, 0)), List.of(new Sequence(3, 3, 9, 0, 0, 0, 3, 0, 0)))))
            .check(served("twelve requests, much room", seed -> Load.drawn(seed, POLICY, 60, 12, 12, 9)))
            .check(served("twelve requests, few pages", seed -> Load.drawn(seed, POLICY, 9, 12, 12, 16)))
            .check(served("one place", seed -> Load.drawn(seed, POLICY.withMaxRunning(1), 12, 5, 12, 8)))
            .build();

    private SchedulerExercise() {}

    private static Exercise.Builder<SchedulerStep> mistakes(Exercise.Builder<SchedulerStep> exercise) {
        return exercise.mistake(
                        "waits until the batch is done",
                        "Nobody joins while somebody runs: that is static batching, and places stay"
                                + " empty until the longest answer ends. Fill a place as soon as it is free.",
                        () -> new ContinuousSteps() {
                            @Override
                            boolean mayJoin(List<Long> preempted, List<Sequence> staying) {
                                return staying.isEmpty() && preempted.isEmpty();
                            }
                        })
                .mistake(
                        "prompts stop the others",
                        "When somebody joins, the running ones get no token. They go on in every step: one"
                                + " row more hardly costs anything.",
                        () -> new ContinuousSteps() {
                            @Override
                            StepPlan finished(List<Long> out, List<Long> in, List<StepPlan.Work> work) {
                                return new StepPlan(
                                        out,
                                        in,
                                        in.isEmpty()
                                                ? work
                                                : work.stream()
                                                        .filter(w -> in.contains(w.sequence()))
                                                        .toList());
                            }
                        })
                .mistake(
                        "nobody goes on",
                        "Those who run get no work, so no answer ever grows. Each of them decodes one token in each"
                                + " step.",
                        () -> new ContinuousSteps() {
                            @Override
                            List<Sequence> decoding(List<Sequence> running) {
                                return List.of();
                            }
                        })
                .mistake(
                        "only the oldest goes on",
                        "Only the oldest request gets a token. The weights are read once for all rows of a"
                                + " step, so let everybody go on.",
                        () -> new ContinuousSteps() {
                            @Override
                            List<Sequence> decoding(List<Sequence> running) {
                                return running.subList(0, Math.min(1, running.size()));
                            }
                        })
                .mistake(
                        "joins without reading",
                        "Those who join are admitted and have no work: they hold a place and read nothing. Give"
                                + " them their missing() tokens in the same step.",
                        () -> new ContinuousSteps() {
                            @Override
                            StepPlan finished(List<Long> out, List<Long> in, List<StepPlan.Work> work) {
                                return new StepPlan(
                                        out,
                                        in,
                                        work.stream()
                                                .filter(w -> !in.contains(w.sequence()))
                                                .toList());
                            }
                        })
                .mistake(
                        "reads without joining",
                        "There is work for requests that were not admitted: whoever reads a prompt must stand"
                                + " in admitted too, or it has no place and no pages.",
                        () -> new ContinuousSteps() {
                            @Override
                            StepPlan finished(List<Long> out, List<Long> in, List<StepPlan.Work> work) {
                                return new StepPlan(out, List.of(), work);
                            }
                        })
                .mistake(
                        "one token of the prompt",
                        "Whoever joins reads one token of its prompt. Read all that is missing: the weights"
                                + " come from memory once for all of them.",
                        () -> new ContinuousSteps() {
                            @Override
                            int reads(Sequence joining) {
                                return 1;
                            }
                        })
                .mistake(
                        "the prompt alone",
                        "One that was preempted reads its prompt and not what it had written. All of its text has to"
                                + " be computed again: missing().",
                        () -> new ContinuousSteps() {
                            @Override
                            int reads(Sequence joining) {
                                return joining.promptTokens();
                            }
                        })
                .mistake(
                        "nobody leaves",
                        "The plan takes more pages than there are free. Where the next token of everybody does not"
                                + " fit, the newest request has to leave.",
                        () -> new ContinuousSteps() {
                            @Override
                            boolean enough(int needed, int free) {
                                return true;
                            }
                        })
                .mistake(
                        "the oldest leaves",
                        "The oldest request was taken out. If it may happen to everybody, nobody is sure to end:"
                                + " take the newest, the last of the list.",
                        () -> new ContinuousSteps() {
                            @Override
                            Sequence victim(List<Sequence> staying) {
                                return staying.removeFirst();
                            }
                        })
                .mistake(
                        "nothing comes back",
                        "The pages of a request that leaves were not counted as free, so one after the other has"
                                + " to leave. Add its ownPages().",
                        () -> new ContinuousSteps() {
                            @Override
                            int given(Sequence victim) {
                                return 0;
                            }
                        })
                .mistake(
                        "shared pages come back",
                        "All pages of the one that left were counted as free, also those that others hold too."
                                + " Only its ownPages() come back.",
                        () -> new ContinuousSteps() {
                            @Override
                            int given(Sequence victim) {
                                return victim.pages();
                            }
                        })
                .mistake(
                        "leaves and joins at once",
                        "Somebody joins in the very step in which another had to leave: it would be the next to"
                                + " leave. Admit nobody then.",
                        () -> new ContinuousSteps() {
                            @Override
                            boolean mayJoin(List<Long> preempted, List<Sequence> staying) {
                                return true;
                            }
                        })
                .mistake(
                        "places counted without the running",
                        "maxRunning counts all who run, and those who join come on top: the places"
                                + " left are maxRunning − running.",
                        () -> new ContinuousSteps() {
                            @Override
                            int places(SchedulerPolicy policy, int running) {
                                return policy.maxRunning();
                            }
                        })
                .mistake(
                        "budget without the running",
                        "Decoding tokens are tokens of the step too: the budget left for prompts is"
                                + " stepTokens − running.",
                        () -> new ContinuousSteps() {
                            @Override
                            int budget(SchedulerPolicy policy, int running) {
                                return policy.stepTokens();
                            }
                        })
                .mistake(
                        "pages given twice",
                        "The pages that the decoding requests take in this step were given to those who join, too.",
                        () -> new ContinuousSteps() {
                            @Override
                            int freeForJoining(int free, int needed) {
                                return free;
                            }
                        })
                .mistake(
                        "no spare pages",
                        "The last pages went to one who joins. The running ones will need a page soon, and somebody"
                                + " would have to leave: keep sparePages back.",
                        () -> new ContinuousSteps() {
                            @Override
                            int spare(SchedulerPolicy policy, boolean alone) {
                                return 0;
                            }
                        })
                .mistake(
                        "spare pages for nobody",
                        "Spare pages were kept back although nobody runs who could need them: a request that"
                                + " needs all pages would wait for ever.",
                        () -> new ContinuousSteps() {
                            @Override
                            int spare(SchedulerPolicy policy, boolean alone) {
                                return policy.sparePages();
                            }
                        });
    }
}
