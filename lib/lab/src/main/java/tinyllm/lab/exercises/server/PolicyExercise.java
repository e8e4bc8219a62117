package tinyllm.lab.exercises.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import tinyllm.engine.PolicyFn;
import tinyllm.engine.Sequence;
import tinyllm.engine.ShortestWithAgeing;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "3.8 policy". */
public final class PolicyExercise {

    private record Queue(List<Sequence> waiting, double tokensPerSecond) {}

    public static final Exercise<PolicyFn> POLICY = mistakes(Exercise.of("3.8 policy", PolicyFn.class)
                    .title("Who goes first")
                    .reference(ShortestWithAgeing::new)
                    .hint(
                            "now is the same for all who wait. Leave it out of promptTokens - tokensPerSecond · (now - arrived): what is"
                                    + " left is a number that a request has for good.")
                    .hint(
                            "Sort by promptTokens + tokensPerSecond · arrived, rising. Equal ones by id. Who has an admission of 0 or more"
                                    + " ran before: in front of all others, by admission.")
                    .hint(
                            "double key = s.admission() >= 0 ? Double.NEGATIVE_INFINITY : s.promptTokens() + tokensPerSecond * s.arrived();"
                                    + " then Comparator.comparingDouble(…).thenComparingLong(Sequence::admission)"
                                    + ".thenComparingLong(Sequence::id)."))
            .check(queue("all came at once", seed -> new Queue(at(0, 40, 7, 300, 12), 50)))
            .check(queue(
                    "a short one behind a long one", seed -> new Queue(List.of(s(4, 400, 1.0), s(6, 20, 1.5)), 50)))
            .check(queue("the long one has waited", seed -> new Queue(List.of(s(4, 400, 1.0), s(6, 20, 9.5)), 50)))
            .check(queue("no ageing", seed -> new Queue(drawn(seed, 6), 0)))
            .check(queue("a second outweighs any prompt", seed -> new Queue(drawn(seed, 6), 1e6)))
            .check(queue("equal prompts", seed -> new Queue(at(2, 30, 30, 30), 50)))
            .check(queue("equal sums", seed -> new Queue(List.of(s(3, 120, 0), s(5, 70, 1), s(8, 20, 2)), 50)))
            .check(queue(
                    "less than a token apart",
                    seed -> new Queue(List.of(s(3, 10, 0.4), s(5, 10, 0.1), s(9, 10, 0.2)), 2)))
            .check(queue(
                    "one that ran before", seed -> new Queue(List.of(former(9, 800, 2), s(4, 10, 0), s(6, 5, 0)), 50)))
            .check(queue(
                    "three that ran before",
                    seed -> new Queue(List.of(former(9, 90, 1), former(2, 300, 4), former(7, 20, 5), s(11, 4, 0)), 50)))
            .check(queue("one alone", seed -> new Queue(at(3, 25), 50)))
            .check(queue("nobody", seed -> new Queue(List.of(), 50)))
            .check(queue("many", seed -> new Queue(drawn(seed, 40), 30)))
            .build();

    private PolicyExercise() {}

    private static Exercise.Builder<PolicyFn> mistakes(Exercise.Builder<PolicyFn> exercise) {
        return exercise.mistake(
                        "first come, first served",
                        "They go in the order in which they came: a short prompt behind a long one waits for all of it.",
                        () -> (waiting, rate) ->
                                waiting.stream().map(Sequence::id).toList())
                .mistake(
                        "no ageing",
                        "Waiting counts for nothing: a long prompt waits for as long as shorter ones come. Each second has to be worth"
                                + " tokensPerSecond tokens.",
                        () -> keyed((s, rate) -> s.promptTokens()))
                .mistake(
                        "ageing backwards",
                        "Who has waited longer goes later: of two prompts of equal length the one that arrived first has the smaller"
                                + " key. Add tokensPerSecond · arrived, do not subtract it.",
                        () -> keyed((s, rate) -> s.promptTokens() - rate * s.arrived()))
                .mistake(
                        "the longest first",
                        "The longest prompt goes first, so that everybody waits for it: sort rising.",
                        () -> keyed((s, rate) -> -(s.promptTokens() + rate * s.arrived())))
                .mistake(
                        "a second is a token",
                        "A second of waiting counted as one token, whatever tokensPerSecond says.",
                        () -> keyed((s, rate) -> s.promptTokens() + s.arrived()))
                .mistake(
                        "divided by the rate",
                        "The prompt was divided by tokensPerSecond. Where waiting is worth nothing that is infinite for everybody, and the"
                                + " prompts no longer count: multiply the arrival instead.",
                        () -> keyed((s, rate) -> s.arrived() + s.promptTokens() / rate))
                .mistake(
                        "whole numbers",
                        "The keys were cut to whole numbers: two that are less than a token apart count as equal then. Compare doubles.",
                        () -> keyed((s, rate) -> (int) (s.promptTokens() + rate * s.arrived())))
                .mistake(
                        "the newest of equal ones",
                        "Of equal ones the newest goes first; the one that arrived first has the smaller id.",
                        () -> new PolicySteps() {
                            @Override
                            Comparator<Sequence> ties() {
                                return Comparator.comparingLong(Sequence::id).reversed();
                            }
                        })
                .mistake(
                        "preempted ones like all others",
                        "Who ran before was sorted in with the others. It has to be read again already; let it not be overtaken as well:"
                                + " in front, by admission.",
                        () -> new PolicySteps() {
                            @Override
                            int group(Sequence s) {
                                return 1;
                            }
                        })
                .mistake(
                        "preempted ones last",
                        "Who ran before goes last: whoever comes new makes it wait again, and it may never end.",
                        () -> new PolicySteps() {
                            @Override
                            int group(Sequence s) {
                                return s.admission() >= 0 ? 0 : -1;
                            }

                            @Override
                            Comparator<Sequence> former() {
                                return Comparator.comparingLong(Sequence::admission);
                            }
                        })
                .mistake(
                        "preempted ones by id",
                        "Those that ran before stand by their id; it is the order of their admission that counts, since the policy had"
                                + " decided that already.",
                        () -> new PolicySteps() {
                            @Override
                            Comparator<Sequence> former() {
                                return Comparator.comparingLong(Sequence::id);
                            }
                        })
                .mistake(
                        "preempted ones by prompt",
                        "Those that ran before were sorted by their prompts; the order of their admission counts.",
                        () -> new PolicySteps() {
                            @Override
                            Comparator<Sequence> former() {
                                return Comparator.comparingInt(Sequence::promptTokens);
                            }
                        })
                .mistake(
                        "preempted ones forgotten",
                        "Who ran before is missing from the order: nobody would ever admit it again.",
                        () -> (waiting, rate) -> new PolicySteps()
                                .order(
                                        waiting.stream()
                                                .filter(s -> s.admission() < 0)
                                                .toList(),
                                        rate))
                .mistake(
                        "places instead of ids",
                        "These are places in the list; the ids of the requests are asked for.",
                        () -> (waiting, rate) -> {
                            List<Long> ids = waiting.stream().map(Sequence::id).toList();
                            return new PolicySteps()
                                    .order(waiting, rate).stream()
                                            .map(id -> (long) ids.indexOf(id))
                                            .toList();
                        })
                .mistake(
                        "the first alone",
                        "Only the first one came: all who wait are to be put in order.",
                        () -> (waiting, rate) -> new PolicySteps()
                                .order(waiting, rate).stream().limit(1).toList());
    }

    private interface Key {
        double of(Sequence s, double tokensPerSecond);
    }

    private static PolicyFn keyed(Key key) {
        return new PolicySteps() {
            @Override
            double key(Sequence s, double tokensPerSecond) {
                return key.of(s, tokensPerSecond);
            }
        };
    }

    private static Case<PolicyFn> queue(String name, LongFunction<Queue> queue) {
        return Case.of(name, queue, (answer, in) -> answer.order(in.waiting(), in.tokensPerSecond()));
    }

    private static Sequence s(long id, int promptTokens, double arrived) {
        return Sequence.waiting(id, promptTokens, arrived);
    }

    /** One that was preempted while it wrote. */
    private static Sequence former(long id, int promptTokens, long admission) {
        return new Sequence(id, promptTokens, promptTokens + 5, 0, 0, 0, admission, 0, 0.5);
    }

    private static List<Sequence> at(double arrived, int... prompts) {
        return LongStream.range(0, prompts.length)
                .mapToObj(i -> s(3 + 2 * i, prompts[(int) i], arrived))
                .toList();
    }

    /** One after another, a few preempted ones in front. */
    private static List<Sequence> drawn(long seed, int count) {
        Draw draw = new Draw(seed);
        List<Sequence> waiting = new ArrayList<>();
        double now = 0;
        for (int i = 0; i < count; i++) {
            now += draw.between(1, 20) / 10.0;
            waiting.add(s(100 + i, draw.between(1, 9) * 10, now));
        }
        for (int i = 0; i < count / 10; i++) {
            waiting.add(i, former(90 - i, draw.between(1, 300), i));
        }
        return waiting;
    }
}
