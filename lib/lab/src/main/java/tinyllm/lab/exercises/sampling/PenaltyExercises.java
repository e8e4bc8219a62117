package tinyllm.lab.exercises.sampling;

import java.util.Arrays;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.sampling.AnswerPenalties;
import tinyllm.sampling.AnswerPenaltiesFn;
import tinyllm.sampling.RepetitionPenalty;
import tinyllm.sampling.RepetitionPenaltyFn;
import tinyllm.tensor.Tensor;

/** Exercises "4.3 repetition penalty" and "4.3 presence and frequency". */
public final class PenaltyExercises {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Seen(Tensor logits, int[][] ids, double penalty) {}

    @SuppressWarnings("ArrayRecordComponent")
    private record Answers(Tensor logits, int[][] ids, double presence, double frequency) {}

    /** What happens to the logit of a token that was seen so often. */
    private interface Change {
        float of(float logit, int times);
    }

    public static final Exercise<RepetitionPenaltyFn> REPETITION = Exercise.of(
                    "4.3 repetition penalty", RepetitionPenaltyFn.class)
            .title("What was said becomes less likely, whatever its sign")
            .reference(RepetitionPenalty::new)
            .hint("A logit becomes less likely when it becomes smaller. What does a division by 2 do to −3?")
            .hint(
                    "Compute it for all: penalized = Tensor.where(logits.gt(0), logits.div(penalty), logits.mul(penalty)). Then choose,"
                            + " place by place, who was seen.")
            .hint(
                    "float[] seen of logits.size() numbers, 1 at b * V + id for every id of row b; Tensor.where(Tensor.of(flags,"
                            + " logits.shape()).gt(0), penalized, logits).")
            .check(Case.of("one row", seed -> seen(seed, 1, 8, 3, 1.5), PenaltyExercises::run))
            .check(Case.of("rows that differ", seed -> seen(seed, 3, 7, 3, 1.3), PenaltyExercises::run))
            .check(Case.of("all are positive", PenaltyExercises::positive, PenaltyExercises::run))
            .check(Case.of("all are negative", PenaltyExercises::negative, PenaltyExercises::run))
            .check(Case.of("a logit of 0", PenaltyExercises::zeros, PenaltyExercises::run))
            .check(Case.of("a row has seen nothing", PenaltyExercises::oneRowEmpty, PenaltyExercises::run))
            .check(Case.of("penalty 1", seed -> seen(seed, 2, 6, 3, 1), PenaltyExercises::run))
            .check(Case.of("penalty below 1 rewards", seed -> seen(seed, 2, 6, 3, 0.5), PenaltyExercises::run))
            .check(Case.of("a square batch", seed -> seen(seed, 5, 5, 2, 2), PenaltyExercises::run))
            .mistake(
                    "divided whatever the sign",
                    "A negative logit was divided by the penalty and came nearer to 0: a token that was seen became more likely. Multiply"
                            + " negative ones.",
                    () -> (x, ids, p) -> each(x, ids, (z, n) -> (float) (z / p)))
            .mistake(
                    "multiplied whatever the sign",
                    "A positive logit was multiplied and grew: the token became more likely. Divide positive ones.",
                    () -> (x, ids, p) -> each(x, ids, (z, n) -> (float) (z * p)))
            .mistake(
                    "the wrong way round",
                    "Positive logits grew and negative ones came nearer to 0: tokens that were seen became more likely, not less.",
                    () -> (x, ids, p) -> each(x, ids, (z, n) -> (float) (z > 0 ? z * p : z / p)))
            .mistake(
                    "subtracted",
                    "The penalty was subtracted. This one is a factor: 1 changes nothing, 2 halves a positive logit.",
                    () -> (x, ids, p) -> each(x, ids, (z, n) -> (float) (z - p)))
            .mistake(
                    "all tokens",
                    "Tokens that were never seen were penalized, too: only the ids of the row's own list are meant.",
                    () -> (x, ids, p) -> Tensor.where(x.gt(0), x.div(p), x.mul(p)))
            .mistake(
                    "the first row's tokens",
                    "Every row was penalized for what the first one has seen: one user's text changes another's.",
                    () -> (x, ids, p) -> {
                        int[][] same = new int[ids.length][];
                        Arrays.fill(same, ids[0]);
                        return each(x, same, (z, n) -> (float) (z > 0 ? z / p : z * p));
                    })
            .mistake(
                    "everybody's tokens",
                    "A row was penalized for what other rows have seen: each row has its own list.",
                    () -> (x, ids, p) -> {
                        int[][] all = new int[ids.length][];
                        Arrays.fill(
                                all,
                                Arrays.stream(ids)
                                        .flatMapToInt(Arrays::stream)
                                        .distinct()
                                        .toArray());
                        return each(x, all, (z, n) -> (float) (z > 0 ? z / p : z * p));
                    })
            .mistake(
                    "forbidden",
                    "Tokens that were seen can't come any more. A penalty makes them less likely, and no more than that: \"the\" has to"
                            + " come again.",
                    () -> (x, ids, p) -> each(x, ids, (z, n) -> p == 1 ? z : Float.NEGATIVE_INFINITY))
            .build();

    public static final Exercise<AnswerPenaltiesFn> ANSWER = Exercise.of(
                    "4.3 presence and frequency", AnswerPenaltiesFn.class)
            .title("Once for being there, and again for each time")
            .reference(AnswerPenalties::new)
            .hint(
                    "Count how often each token stands in the row's answer. Two subtractions follow: one for who is there at all, one for"
                            + " the count.")
            .hint(
                    "A Java array of logits.size() floats holds what is taken: frequency is added for each time that an id comes, presence"
                            + " for the first.")
            .hint(
                    "for each id of answers[b]: taken[b * V + id] += frequency, and presence on top when it was 0 before (keep a boolean"
                            + " for that). Then logits.sub(Tensor.of(taken, logits.shape())).")
            .check(Case.of("one row, both", seed -> answers(seed, 1, 6, 9, 0.5, 0.25), PenaltyExercises::run))
            .check(Case.of("presence alone", seed -> answers(seed, 2, 5, 9, 0.7, 0), PenaltyExercises::run))
            .check(Case.of("frequency alone", seed -> answers(seed, 2, 5, 9, 0, 0.3), PenaltyExercises::run))
            .check(Case.of("rows that differ", seed -> answers(seed, 3, 8, 12, 0.4, 0.6), PenaltyExercises::run))
            .check(Case.of("one token again and again", PenaltyExercises::stuck, PenaltyExercises::run))
            .check(Case.of("no answer yet", PenaltyExercises::nothingYet, PenaltyExercises::run))
            .check(Case.of("below 0 they reward", seed -> answers(seed, 2, 6, 9, -0.5, -0.2), PenaltyExercises::run))
            .check(Case.of(
                    "they cancel at the first time", seed -> answers(seed, 1, 5, 9, 0.5, -0.5), PenaltyExercises::run))
            .check(Case.of("a square batch", seed -> answers(seed, 4, 4, 6, 0.5, 0.3), PenaltyExercises::run))
            .mistake(
                    "presence each time",
                    "Presence was taken for each time that a token came. It is taken once, however often: that is what tells it from"
                            + " frequency.",
                    () -> (x, ids, a, b) -> each(x, ids, (z, n) -> (float) (z - n * (a + b))))
            .mistake(
                    "frequency once",
                    "Frequency was taken once. It is taken for each time that the token came, so that a loop becomes less likely with"
                            + " each round.",
                    () -> (x, ids, a, b) -> each(x, ids, (z, n) -> (float) (z - a - b)))
            .mistake(
                    "changed places",
                    "Presence and frequency have changed places: presence is taken once, frequency as often as the token came.",
                    () -> (x, ids, a, b) -> each(x, ids, (z, n) -> (float) (z - b - n * a)))
            .mistake(
                    "from the second time on",
                    "Nothing was taken from a token that came once: a penalty counts from the first time on.",
                    () -> (x, ids, a, b) -> each(x, ids, (z, n) -> n < 2 ? z : (float) (z - a - (n - 1) * b)))
            .mistake(
                    "added",
                    "The penalties were added: tokens that came become more likely. Take them away.",
                    () -> (x, ids, a, b) -> each(x, ids, (z, n) -> (float) (z + a + n * b)))
            .mistake(
                    "divided",
                    "The logit was divided. These two are subtracted, so that the same number means the same for every logit.",
                    () -> (x, ids, a, b) -> each(x, ids, (z, n) -> (float) (z / (1 + a + n * b))))
            .mistake(
                    "a share of the answer",
                    "The count was divided by the answer's length. Frequency here is the plain count.",
                    () -> (x, ids, a, b) -> {
                        int longest = Arrays.stream(ids)
                                .mapToInt(row -> row.length)
                                .max()
                                .orElse(1);
                        return each(x, ids, (z, n) -> (float) (z - a - n * b / longest));
                    })
            .mistake(
                    "everybody's answers",
                    "The counts of all rows went into one: each row is penalized for its own answer alone.",
                    () -> (x, ids, a, b) -> {
                        int[][] all = new int[ids.length][];
                        Arrays.fill(
                                all,
                                Arrays.stream(ids).flatMapToInt(Arrays::stream).toArray());
                        return each(x, all, (z, n) -> (float) (z - a - n * b));
                    })
            .mistake(
                    "the first row's answer",
                    "Every row was penalized for the first one's answer: each row has its own.",
                    () -> (x, ids, a, b) -> {
                        int[][] same = new int[ids.length][];
                        Arrays.fill(same, ids[0]);
                        return each(x, same, (z, n) -> (float) (z - a - n * b));
                    })
            .build();

    private PenaltyExercises() {}

    private static Tensor run(RepetitionPenaltyFn answer, Seen in) {
        return answer.apply(in.logits(), in.ids(), in.penalty());
    }

    private static Tensor run(AnswerPenaltiesFn answer, Answers in) {
        return answer.apply(in.logits(), in.ids(), in.presence(), in.frequency());
    }

    /** Each token that a row's list holds, changed by how often it does. */
    private static Tensor each(Tensor logits, int[][] ids, Change change) {
        float[] all = logits.toFloats();
        int vocabulary = logits.dim(1);
        for (int b = 0; b < ids.length; b++) {
            int[] times = new int[vocabulary];
            Arrays.stream(ids[b]).forEach(id -> times[id]++);
            for (int id = 0; id < vocabulary; id++) {
                int at = b * vocabulary + id;
                all[at] = times[id] > 0 ? change.of(all[at], times[id]) : all[at];
            }
        }
        return Tensor.of(all, logits.shape());
    }

    /** Lists of distinct ids, and at least one of each sign among their logits. */
    private static Seen seen(long seed, int rows, int vocabulary, int count, double penalty) {
        Draw draw = new Draw(seed);
        float[] logits = draw.scaled(2, rows, vocabulary).toFloats();
        int[][] ids = new int[rows][];
        for (int b = 0; b < rows; b++) {
            int first = draw.between(0, vocabulary - 1);
            int[] row = new int[count];
            for (int i = 0; i < count; i++) {
                row[i] = (first + i * (b + 1)) % vocabulary;
            }
            ids[b] = Arrays.stream(row).distinct().toArray();
            logits[b * vocabulary + ids[b][0]] = 1.25f + b;
            if (ids[b].length > 1) {
                logits[b * vocabulary + ids[b][1]] = -1.75f - b;
            }
        }
        return new Seen(Tensor.of(logits, rows, vocabulary), ids, penalty);
    }

    private static Seen positive(long seed) {
        Seen some = seen(seed, 2, 6, 3, 1.4);
        return new Seen(some.logits().abs().add(0.5), some.ids(), some.penalty());
    }

    private static Seen negative(long seed) {
        Seen some = seen(seed, 2, 6, 3, 1.4);
        return new Seen(some.logits().abs().add(0.5).neg(), some.ids(), some.penalty());
    }

    private static Seen zeros(long seed) {
        return new Seen(Tensor.of(new float[] {0, 1, -1, 0}, 1, 4), new int[][] {{0, 1, 2}}, 1.5 + seed % 3);
    }

    private static Seen oneRowEmpty(long seed) {
        Seen some = seen(seed, 2, 6, 3, 2);
        return new Seen(some.logits(), new int[][] {{}, some.ids()[1]}, 2);
    }

    /** Answers in which some tokens come several times and some once. */
    private static Answers answers(long seed, int rows, int vocabulary, int length, double presence, double frequency) {
        Draw draw = new Draw(seed);
        Tensor logits = draw.scaled(2, rows, vocabulary);
        int[][] ids = new int[rows][];
        for (int b = 0; b < rows; b++) {
            ids[b] = draw.ids(length - b, vocabulary - 1);
            ids[b][0] = b % vocabulary;
            ids[b][1] = b % vocabulary;
            ids[b][2] = vocabulary - 1; // comes once, and nowhere else
        }
        return new Answers(logits, ids, presence, frequency);
    }

    private static Answers stuck(long seed) {
        int[] loop = new int[12];
        Arrays.fill(loop, (int) (seed % 5));
        return new Answers(new Draw(seed).scaled(2, 1, 5), new int[][] {loop}, 0.3, 0.2);
    }

    private static Answers nothingYet(long seed) {
        return new Answers(new Draw(seed).scaled(2, 2, 5), new int[][] {{}, {1, 1}}, 0.6, 0.4);
    }
}
