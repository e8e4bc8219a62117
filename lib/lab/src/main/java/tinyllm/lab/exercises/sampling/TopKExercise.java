package tinyllm.lab.exercises.sampling;

import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Softmax;
import tinyllm.sampling.TopK;
import tinyllm.sampling.TopKFn;
import tinyllm.tensor.Tensor;

/** Exercise "1.7 top-k". */
public final class TopKExercise {

    private record Cut(Tensor logits, int k) {}

    private static final Tensor NEVER = Tensor.scalar(Double.NEGATIVE_INFINITY);

    public static final Exercise<TopKFn> TOP_K = Exercise.of("1.7 top-k", TopKFn.class)
            .title("The k most likely tokens of every row")
            .reference(TopK::new)
            .hint("Give each token its rank in its own row: 0 for the most likely. Those with a rank below k stay.")
            .hint("argsort(-1) sorts rising and is stable. Negate the logits first. What is the argsort of an argsort?")
            .hint("Tensor rank = logits.neg().argsort(-1).argsort(-1); then Tensor.where(rank.lt(k), logits,"
                    + " Tensor.scalar(Double.NEGATIVE_INFINITY)).")
            .check(situation("one row, k = 2", 2, 1, 6))
            .check(situation("k = 1", 1, 3, 5))
            .check(situation("k = the whole vocabulary", 4, 2, 4))
            .check(situation("rows that differ", 3, 4, 9))
            .check(Case.of("one row rises, one falls, k = 1", TopKExercise::crossed, TopKExercise::run))
            .check(Case.of("only negative logits", seed -> new Cut(negative(seed), 3), TopKExercise::run))
            .check(Case.of("equal logits: exactly k stay", TopKExercise::ties, TopKExercise::run))
            .check(Case.of("one row far above the other", TopKExercise::farApart, TopKExercise::run))
            .mistake(
                    "one threshold for the batch",
                    "The k largest of the whole batch were kept, not of each row: a row with small logits loses all its tokens.",
                    () -> (x, k) -> {
                        Tensor flat = x.reshape(1, -1);
                        Tensor rank = flat.neg().argsort(-1).argsort(-1).reshape(x.shape());
                        return Tensor.where(rank.lt(k * x.dim(0)), x, NEVER);
                    })
            .mistake(
                    "first row's tokens",
                    "Every row keeps the tokens of the first row: the ranks must be each row's own.",
                    () -> (x, k) -> Tensor.where(rank(x).slice(0, 0, 1).lt(k), x, NEVER))
            .mistake(
                    "the smallest",
                    "The k least likely tokens stay: argsort sorts rising, so negate the logits first.",
                    () -> (x, k) -> Tensor.where(x.argsort(-1).argsort(-1).lt(k), x, NEVER))
            .mistake(
                    "zero instead of -inf",
                    "A filtered logit of 0 is not gone: exp(0) = 1, more than any negative logit has. Put -inf.",
                    () -> (x, k) -> Tensor.where(rank(x).lt(k), x, Tensor.scalar(0)))
            .mistake(
                    "one too few",
                    "Only k - 1 tokens stay: ranks begin at 0, so those below k stay.",
                    () -> (x, k) -> Tensor.where(rank(x).lt(k - 1), x, NEVER))
            .mistake(
                    "one too many",
                    "k + 1 tokens stay: ranks begin at 0, so rank k is already the first to go.",
                    () -> (x, k) -> Tensor.where(rank(x).le(Tensor.scalar(k)), x, NEVER))
            .mistake(
                    "ties all stay",
                    "With equal logits more than k tokens stay: comparing with the k-th largest value keeps all its equals. Compare"
                            + " ranks.",
                    () -> (x, k) -> {
                        Tensor kth = x.sort(-1).slice(-1, x.dim(-1) - k, x.dim(-1) - k + 1);
                        return Tensor.where(x.ge(kth), x, NEVER);
                    })
            .mistake(
                    "argsort once",
                    "argsort says which token stands at a rank, not which rank a token has. Apply it twice.",
                    () -> (x, k) -> Tensor.where(x.neg().argsort(-1).lt(k), x, NEVER))
            .mistake(
                    "probabilities returned",
                    "These are probabilities. The next filter expects logits: keep them as they are, -inf elsewhere.",
                    () -> (x, k) -> new Softmax().softmax(Tensor.where(rank(x).lt(k), x, NEVER)))
            .build();

    private TopKExercise() {}

    private static Case<TopKFn> situation(String name, int k, int rows, int vocabulary) {
        return Case.of(name, seed -> new Cut(new Draw(seed).normal(2, rows, vocabulary), k), TopKExercise::run);
    }

    private static Tensor run(TopKFn answer, Cut in) {
        return answer.keep(in.logits(), in.k());
    }

    private static Tensor rank(Tensor x) {
        return x.neg().argsort(-1).argsort(-1);
    }

    private static Cut crossed(long seed) {
        Tensor rising = Tensor.arange(0, 6, 1).add(new Draw(seed).between(1, 9));
        return new Cut(Tensor.stack(0, rising, rising.neg()), 1);
    }

    private static Tensor negative(long seed) {
        return new Draw(seed).normal(2, 8).abs().neg().sub(1);
    }

    private static Cut ties(long seed) {
        float level = new Draw(seed).between(-3, 3);
        return new Cut(Tensor.of(new float[] {level, level, level, level - 1, level, level}, 1, 6), 3);
    }

    private static Cut farApart(long seed) {
        return new Cut(new Draw(seed).normal(2, 7).add(Tensor.of(new float[] {0, -50}, 2, 1)), 3);
    }
}
