package tinyllm.lab.exercises.batching;

import static tinyllm.lab.exercises.batching.PlanCases.border;
import static tinyllm.lab.exercises.batching.PlanCases.reads;
import static tinyllm.lab.exercises.batching.PlanCases.served;
import static tinyllm.lab.exercises.batching.PlanCases.sharing;
import static tinyllm.lab.exercises.batching.PlanCases.situation;
import static tinyllm.lab.exercises.batching.PlanCases.three;
import static tinyllm.lab.exercises.batching.PlanCases.waits;
import static tinyllm.lab.exercises.batching.PlanCases.within;

import java.util.List;
import tinyllm.engine.ChunkedBatching;
import tinyllm.engine.QueueOrder;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.batching.PlanRun.Load;
import tinyllm.lab.exercises.batching.PlanRun.Situation;

/** Exercise "2.7 scheduler". */
public final class ChunkedExercise {

    /** Four places, 32 tokens a step, chunks of 8, one spare page. */
    private static final SchedulerPolicy POLICY = new SchedulerPolicy(QueueOrder.firstComeFirstServed(), 4, 32, 8, 1);

    public static final Exercise<SchedulerStep> SCHEDULER = mistakes(Exercise.of("2.7 scheduler", SchedulerStep.class)
                    .title("A step with chunks of prompts")
                    .reference(ChunkedBatching::new)
                    .hint(
                            "Who runs is of two kinds now: decoding(), one token, or still reading, a chunk. Those who join"
                                    + " come behind those who read, and share the same budget.")
                    .hint(
                            "tokens(sequences, policy): take the missing() of those that do not decode, give them to chunks(…),"
                                    + " and put the result back in their places; 1 for the others. pages: the sum of"
                                    + " pagesFor(tokens[i], pageTokens).")
                    .hint(
                            "Joining: join(waiting, places, Integer.MAX_VALUE, free − promised − spare, pageTokens) gives those"
                                    + " who have a place and pages; promised is the sum of pagesFor(1) of those that decode and of"
                                    + " pagesFor(missing() + 1) of those that read. Then tokens(…) of all together; who gets 0 does"
                                    + " not join."))
            .check(situation("three decode", seed -> Situation.of(POLICY, 20, three(seed), List.of())))
            .check(situation(
                    "a long prompt alone",
                    seed -> Situation.of(POLICY, 40, List.of(), List.of(waits(8, longer(seed))))))
            .check(situation(
                    "a long prompt beside three",
                    seed -> Situation.of(POLICY, 40, three(seed), List.of(waits(8, longer(seed))))))
            .check(situation(
                    "half read, beside two that decode",
                    seed -> Situation.of(
                            POLICY,
                            40,
                            List.of(within(seed, 0), within(seed, 1), reads(2, longer(seed), 16)),
                            List.of())))
            .check(situation(
                    "half read, and others wait",
                    seed -> Situation.of(
                            POLICY,
                            40,
                            List.of(within(seed, 0), reads(2, 16 + new Draw(seed).between(1, 4), 16)),
                            List.of(waits(8, 2), waits(9, 30)))))
            .check(situation(
                    "half read takes the whole chunk",
                    seed -> Situation.of(
                            POLICY, 60, List.of(within(seed, 0), reads(2, longer(seed), 16)), List.of(waits(8, 2)))))
            .check(situation(
                    "two are half read and nobody decodes",
                    seed -> Situation.of(
                            POLICY, 60, List.of(reads(1, 40, 20), reads(2, longer(seed), 4)), List.of(waits(8, 30)))))
            .check(situation(
                    "the last piece",
                    seed -> Situation.of(POLICY, 20, List.of(within(seed, 0), reads(2, 19, 16)), List.of())))
            .check(situation(
                    "the batch is full",
                    seed -> Situation.of(POLICY.withMaxRunning(3), 20, three(seed), List.of(waits(8, 3)))))
            .check(situation(
                    "pages promised to the half read one",
                    seed -> Situation.of(POLICY, 3, List.of(within(seed, 0), reads(2, 20, 16)), List.of(waits(8, 2)))))
            .check(situation(
                    "pages for the whole prompt, not for its chunk",
                    seed -> Situation.of(POLICY, 5, List.of(within(seed, 0)), List.of(waits(8, 30)))))
            .check(situation(
                    "a spare page is left",
                    seed -> Situation.of(POLICY, 3, List.of(within(seed, 0)), List.of(waits(8, 9)))))
            .check(situation(
                    "a prompt alone takes the spare page",
                    seed -> Situation.of(POLICY, 3, List.of(), List.of(waits(8, 9)))))
            .check(situation(
                    "no pages for the chunk",
                    seed -> Situation.of(
                            POLICY,
                            1,
                            List.of(within(seed, 0), within(seed, 1), reads(2, 40, 16)),
                            List.of(waits(8, 2)))))
            .check(situation(
                    "the newest shares its pages",
                    seed -> Situation.of(
                            POLICY, 0, List.of(border(seed, 0), border(seed, 1), sharing(2, 13, 3)), List.of())))
            .check(served("twelve requests, much room", seed -> Load.drawn(seed, POLICY, 80, 12, 60, 9)))
            .check(served("twelve requests, few pages", seed -> Load.drawn(seed, POLICY, 20, 12, 60, 16)))
            .check(served("chunks of one token", seed -> Load.drawn(seed, POLICY.withChunkTokens(1), 30, 6, 20, 6)))
            .build();

    private ChunkedExercise() {}

    private static Exercise.Builder<SchedulerStep> mistakes(Exercise.Builder<SchedulerStep> exercise) {
        return exercise.mistake(
                        "prompts stop the others",
                        "While a prompt is read, those who decode get no token. The chunk exists so that"
                                + " they can go on in the same step.",
                        () -> new ChunkedSteps() {
                            @Override
                            int row(int decoding, int all) {
                                return decoding < all ? 0 : 1;
                            }
                        })
                .mistake(
                        "no chunk",
                        "A prompt takes the whole step while others decode, and they wait for it. While somebody decodes, all"
                                + " prompts together get chunkTokens.",
                        () -> new ChunkedSteps() {
                            @Override
                            int left(int rows, SchedulerPolicy policy) {
                                return policy.stepTokens() - rows;
                            }
                        })
                .mistake(
                        "chunks when nobody decodes",
                        "The prompt gets a mere chunk although nobody decodes: then nobody waits, and it may"
                                + " have the whole step.",
                        () -> new ChunkedSteps() {
                            @Override
                            int left(int rows, SchedulerPolicy policy) {
                                return Math.min(policy.stepTokens() - rows, policy.chunkTokens());
                            }
                        })
                .mistake(
                        "the half read are forgotten",
                        "Prompts that are half read do not go on: they run and do not decode yet, so they"
                                + " need the next chunk.",
                        () -> new ChunkedSteps() {
                            @Override
                            int chunk(Sequence sequence, int left, boolean runs) {
                                return runs ? 0 : super.chunk(sequence, left, runs);
                            }
                        })
                .mistake(
                        "the half read as decoding",
                        "Prompts that are half read get one token, as if they decoded. Ask decoding(): while it"
                                + " is false, they read a chunk.",
                        () -> new ChunkedSteps() {
                            @Override
                            int chunk(Sequence sequence, int left, boolean runs) {
                                return runs ? 1 : super.chunk(sequence, left, runs);
                            }
                        })
                .mistake(
                        "the rest at once",
                        "The first chunk was cut, and then the rest of the prompt came in one step. Every step of a"
                                + " prompt has the same limit.",
                        () -> new ChunkedSteps() {
                            @Override
                            int chunk(Sequence sequence, int left, boolean runs) {
                                return runs ? sequence.missing() : super.chunk(sequence, left, runs);
                            }
                        })
                .mistake(
                        "new ones first",
                        "Those who join were served before those who are half read. Who came first gets its first token"
                                + " first: the half read have the budget before them.",
                        () -> new ChunkedSteps() {
                            @Override
                            int[] tokens(List<Sequence> sequences, int running, SchedulerPolicy policy) {
                                int n = sequences.size();
                                int rows = (int) sequences.stream()
                                        .filter(Sequence::decoding)
                                        .count();
                                int left = left(rows, policy);
                                int[] tokens = new int[n];
                                for (int k = 0; k < n; k++) {
                                    int i = k < n - running ? running + k : k - (n - running);
                                    Sequence sequence = sequences.get(i);
                                    tokens[i] = sequence.decoding() ? 1 : chunk(sequence, left, i < running);
                                    left -= sequence.decoding() ? 0 : tokens[i];
                                }
                                return tokens;
                            }
                        })
                .mistake(
                        "whole prompts only",
                        "Only a prompt that fits whole into the step joins, so a long one waits for ever. It may join"
                                + " with its first chunk; its pages are what must be there.",
                        () -> new ChunkedSteps() {
                            @Override
                            int budget(int left) {
                                return left;
                            }
                        })
                .mistake(
                        "joins without work",
                        "Somebody joins for whom no token of the budget was left: it would hold a place and read"
                                + " nothing. Admit only who gets work.",
                        () -> new ChunkedSteps() {
                            @Override
                            boolean admits(int tokens) {
                                return true;
                            }
                        })
                .mistake(
                        "pages of decoding ones only",
                        "The chunk's pages were not counted when it was decided who must leave, so the plan"
                                + " takes more pages than there are.",
                        () -> new ChunkedSteps() {
                            @Override
                            int counted(Sequence sequence, int pages) {
                                return sequence.decoding() ? pages : 0;
                            }
                        })
                .mistake(
                        "nobody leaves",
                        "The plan takes more pages than there are free. Where the tokens of this step do not fit, the"
                                + " newest request has to leave.",
                        () -> new ChunkedSteps() {
                            @Override
                            int counted(Sequence sequence, int pages) {
                                return 0;
                            }
                        })
                .mistake(
                        "the oldest leaves",
                        "The oldest request was taken out. If that may happen to everybody, nobody is sure to end: take"
                                + " the newest, the last of the list.",
                        () -> new ChunkedSteps() {
                            @Override
                            Sequence victim(List<Sequence> staying) {
                                return staying.removeFirst();
                            }
                        })
                .mistake(
                        "shared pages come back",
                        "All pages of the one that left were counted as free, also those that others hold too."
                                + " Only its ownPages() come back.",
                        () -> new ChunkedSteps() {
                            @Override
                            int given(Sequence victim) {
                                return victim.pages();
                            }
                        })
                .mistake(
                        "promised pages given away",
                        "Somebody joined on pages that a half read prompt will need for its rest. Count its"
                                + " whole text: pagesFor(missing() + 1).",
                        () -> new ChunkedSteps() {
                            @Override
                            int promised(Sequence sequence, int tokens, int pageTokens) {
                                return sequence.pagesFor(tokens, pageTokens);
                            }
                        })
                .mistake(
                        "no spare pages",
                        "The last pages went to one who joins. The running ones will need a page soon: keep"
                                + " sparePages back while somebody runs.",
                        () -> new ChunkedSteps() {
                            @Override
                            int spare(SchedulerPolicy policy, boolean alone) {
                                return 0;
                            }
                        })
                .mistake(
                        "leaves and joins at once",
                        "Somebody joins in the very step in which another had to leave. Admit nobody then.",
                        () -> new ChunkedSteps() {
                            @Override
                            boolean mayJoin(List<Long> preempted) {
                                return true;
                            }
                        })
                .mistake(
                        "places counted without the running",
                        "maxRunning counts all who run, and those who join come on top: the places"
                                + " left are maxRunning − running.",
                        () -> new ChunkedSteps() {
                            @Override
                            int places(SchedulerPolicy policy, int running) {
                                return policy.maxRunning();
                            }
                        });
    }

    private static int longer(long seed) {
        return new Draw(seed).between(60, 90);
    }
}
