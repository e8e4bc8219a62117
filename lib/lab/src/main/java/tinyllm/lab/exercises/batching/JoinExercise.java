package tinyllm.lab.exercises.batching;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import tinyllm.engine.HeadOfQueue;
import tinyllm.engine.JoinFn;
import tinyllm.engine.Sequence;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "2.6 join". */
public final class JoinExercise {

    private static final int PAGE = 4;

    private record Queue(List<Sequence> waiting, int places, int budget, int freePages) {}

    public static final Exercise<JoinFn> JOIN = Exercise.of("2.6 join", JoinFn.class)
            .title("Who joins the batch")
            .reference(HeadOfQueue::new)
            .hint(
                    "Go along the queue and count. Stop at the first that lacks a place, budget or pages: nobody overtakes.")
            .hint("Each that joins takes something from the next: a place, missing() tokens of the budget, its pages.")
            .hint(
                    "Pages: next.pagesFor(next.missing() + 1, pageTokens), since after the prompt comes at least one token. if"
                            + " (joined == places || next.missing() > budget || pages > freePages) break;")
            .check(queue("room for all", seed -> new Queue(drawn(seed, 3, 9, 5), 4, 100, 50)))
            .check(queue("nobody waits", seed -> new Queue(List.of(), 4, 100, 50)))
            .check(queue("two places", seed -> new Queue(drawn(seed, 3, 9, 5, 2), 2, 100, 50)))
            .check(queue("no place", seed -> new Queue(drawn(seed, 3, 9), 0, 100, 50)))
            .check(queue("the budget ends", seed -> new Queue(lengths(6, 5, 4, 1), 9, 12, 50)))
            .check(queue("the budget just reaches", seed -> new Queue(lengths(6, 5, 1), 9, 12, 50)))
            .check(queue("a long one at the head", seed -> new Queue(lengths(30, 2, 3), 9, 20, 50)))
            .check(queue("a long one in the middle", seed -> new Queue(lengths(3, 30, 2, 2), 9, 20, 50)))
            .check(queue("the pages end", seed -> new Queue(lengths(6, 6, 6, 2), 9, 100, 5)))
            .check(queue("pages, each with its own last one", seed -> new Queue(lengths(1, 1, 1, 1), 9, 100, 3)))
            .check(queue("a prompt that fills its pages", seed -> new Queue(lengths(8, 3), 9, 100, 2)))
            .check(queue("just enough pages", seed -> new Queue(lengths(8, 3), 9, 100, 4)))
            .check(queue("one that was preempted", seed -> new Queue(preempted(seed), 9, 12, 50)))
            .check(queue("preempted, and few pages", seed -> new Queue(preempted(seed), 9, 100, 4)))
            .mistake(
                    "all who wait",
                    "Everybody who waits joins. There are only so many places, tokens of budget and pages.",
                    () -> (waiting, places, budget, free, page) -> waiting.size())
            .mistake(
                    "places alone",
                    "Only the places were counted. A joining request also reads its prompt in this step, and"
                            + " needs pages for it.",
                    () -> (waiting, places, budget, free, page) -> Math.min(places, waiting.size()))
            .mistake(
                    "no budget",
                    "The step's budget was not looked at: all joining prompts together may pass only budget"
                            + " tokens.",
                    () -> new JoinSteps() {
                        @Override
                        boolean affordable(int tokens, int budget) {
                            return true;
                        }
                    })
            .mistake(
                    "each against the whole budget",
                    "Each prompt was compared with the whole budget. What one takes is gone for" + " the next.",
                    () -> new JoinSteps() {
                        @Override
                        int budgetAfter(int budget, int tokens) {
                            return budget;
                        }
                    })
            .mistake(
                    "no pages",
                    "The pages were not looked at: a request that joins must find room for its keys and values.",
                    () -> new JoinSteps() {
                        @Override
                        int pages(Sequence next, int pageTokens) {
                            return 0;
                        }
                    })
            .mistake(
                    "each against all pages",
                    "Each prompt was compared with all free pages. What one takes is gone for the" + " next.",
                    () -> new JoinSteps() {
                        @Override
                        int pagesAfter(int free, int pages) {
                            return free;
                        }
                    })
            .mistake(
                    "no page for the answer",
                    "The pages hold the prompt and not one token more. A prompt that fills its pages"
                            + " exactly needs another one for its first answer: missing() + 1.",
                    () -> new JoinSteps() {
                        @Override
                        int pages(Sequence next, int pageTokens) {
                            return Math.ceilDiv(next.missing(), pageTokens);
                        }
                    })
            .mistake(
                    "pages rounded down",
                    "A page that is used in part counts as none. It can't be shared: round up.",
                    () -> new JoinSteps() {
                        @Override
                        int pages(Sequence next, int pageTokens) {
                            return (next.missing() + 1) / pageTokens;
                        }
                    })
            .mistake(
                    "tokens as pages",
                    "Tokens were compared with pages: a page holds pageTokens of them.",
                    () -> new JoinSteps() {
                        @Override
                        int pages(Sequence next, int pageTokens) {
                            return next.missing() + 1;
                        }
                    })
            .mistake(
                    "the prompt alone",
                    "Only the prompt was counted. One that was preempted has written already, and all of its"
                            + " text must be read again: missing(), not promptTokens().",
                    () -> new JoinSteps() {
                        @Override
                        int tokens(Sequence next) {
                            return next.promptTokens();
                        }

                        @Override
                        int pages(Sequence next, int pageTokens) {
                            return Math.ceilDiv(next.promptTokens() + 1, pageTokens);
                        }
                    })
            .mistake(
                    "short ones overtake",
                    "A short request overtook one that has no room. If that may happen, a long one waits"
                            + " for as long as short ones arrive: stop at the first without room.",
                    () -> new JoinSteps() {
                        @Override
                        boolean goesOn() {
                            return true;
                        }
                    })
            .mistake(
                    "one at a time",
                    "At most one request joins in a step. All who have room may: an empty place is a row that"
                            + " nobody uses.",
                    () -> (waiting, places, budget, free, page) ->
                            Math.min(1, new JoinSteps().join(waiting, places, budget, free, page)))
            .build();

    private JoinExercise() {}

    private static Case<JoinFn> queue(String name, LongFunction<Queue> queue) {
        return Case.of(
                name, queue, (answer, in) -> answer.join(in.waiting(), in.places(), in.budget(), in.freePages(), PAGE));
    }

    private static List<Sequence> lengths(int... prompts) {
        List<Sequence> waiting = new ArrayList<>();
        for (int prompt : prompts) {
            waiting.add(Sequence.waiting(waiting.size(), prompt, 0));
        }
        return waiting;
    }

    private static List<Sequence> drawn(long seed, int... most) {
        Draw draw = new Draw(seed);
        int[] prompts = new int[most.length];
        for (int i = 0; i < prompts.length; i++) {
            prompts[i] = draw.between(1, most[i]);
        }
        return lengths(prompts);
    }

    /** At the head one whose prompt of 3 has become a text of 9 or more; a short one behind it. */
    private static List<Sequence> preempted(long seed) {
        int text = new Draw(seed).between(9, 11);
        return List.of(new Sequence(3, 3, text, 0, 0, 0, 1, 0, 0), Sequence.waiting(7, 4, 0));
    }
}
