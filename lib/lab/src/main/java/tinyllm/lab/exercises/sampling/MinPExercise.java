package tinyllm.lab.exercises.sampling;

import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Softmax;
import tinyllm.sampling.MinP;
import tinyllm.sampling.MinPFn;
import tinyllm.tensor.Tensor;

/** Exercise "4.3 min-p". */
public final class MinPExercise {

    private record Cut(Tensor logits, double p) {}

    private static final Tensor NEVER = Tensor.scalar(Double.NEGATIVE_INFINITY);

    public static final Exercise<MinPFn> MIN_P = Exercise.of("4.3 min-p", MinPFn.class)
            .title("A share of the most likely token's probability")
            .reference(MinP::new)
            .hint(
                    "Each row has its own bar: p times the probability of its most likely token. Whoever reaches it stays.")
            .hint(
                    "With softmax: probabilities = new Softmax().softmax(logits); the row's largest is probabilities.maxKeep(-1), which"
                            + " is [B, 1] and stretches over the row.")
            .hint(
                    "Tensor all = new Softmax().softmax(logits); return Tensor.where(all.ge(all.maxKeep(-1).mul(p)), logits,"
                            + " Tensor.scalar(Double.NEGATIVE_INFINITY)).")
            .check(Case.of("0.4, 0.3, 0.2, 0.1 with p = 0.6", seed -> known(seed, 0.6), MinPExercise::run))
            .check(Case.of("0.4, 0.3, 0.2, 0.1 with p = 0.2", seed -> known(seed, 0.2), MinPExercise::run))
            .check(situation("one row, p = 0.1", 0.1, 1, 12))
            .check(situation("rows that differ, p = 0.3", 0.3, 4, 9))
            .check(situation("a square batch", 0.2, 5, 5))
            .check(Case.of("one row is sure, one is not", MinPExercise::sureAndUnsure, MinPExercise::run))
            .check(Case.of("p = 1 keeps the best alone", seed -> known(seed, 1), MinPExercise::run))
            .check(Case.of("p = 1 and two are the best", MinPExercise::twins, MinPExercise::run))
            .check(Case.of("only negative logits", MinPExercise::negative, MinPExercise::run))
            .check(Case.of("large logits", seed -> new Cut(new Draw(seed).scaled(100, 2, 6), 0.1), MinPExercise::run))
            .check(Case.of("some are out already", MinPExercise::filtered, MinPExercise::run))
            .mistake(
                    "a threshold for all",
                    "Every token's probability was compared with p itself. The bar is a share: p times the probability of the row's most"
                            + " likely token.",
                    () -> (x, p) -> Tensor.where(softmax(x).ge(p), x, NEVER))
            .mistake(
                    "the batch's best",
                    "One row's most likely token sets the bar for all rows: an unsure row loses everything. Take the largest of each row,"
                            + " maxKeep(-1).",
                    () -> (x, p) -> {
                        Tensor all = softmax(x);
                        return Tensor.where(all.ge(all.max().mul(p)), x, NEVER);
                    })
            .mistake(
                    "the first row's best",
                    "The first row's most likely token sets the bar for every row: each row has its own.",
                    () -> (x, p) -> {
                        Tensor all = softmax(x);
                        return Tensor.where(
                                all.ge(all.slice(0, 0, 1).maxKeep(-1).mul(p)), x, NEVER);
                    })
            .mistake(
                    "the best of each column",
                    "The largest was taken over the texts of the batch, axis 0, instead of over the vocabulary, the last axis.",
                    () -> (x, p) -> {
                        Tensor all = softmax(x);
                        return Tensor.where(all.ge(all.maxKeep(0).mul(p)), x, NEVER);
                    })
            .mistake(
                    "a share of the logit",
                    "p times the largest logit is no share of a probability: logits are logarithms. Take the softmax, or compare with"
                            + " the largest logit + ln p.",
                    () -> (x, p) -> Tensor.where(x.ge(x.maxKeep(-1).mul(p)), x, NEVER))
            .mistake(
                    "the largest logit minus p",
                    "A factor p of the probability is a distance of −ln p between logits, not of p.",
                    () -> (x, p) -> Tensor.where(x.ge(x.maxKeep(-1).sub(p)), x, NEVER))
            .mistake(
                    "the best is cut as well",
                    "With p = 1 nothing is left: who has exactly the share stays, so compare with ge and not with gt.",
                    () -> (x, p) -> Tensor.where(x.gt(x.maxKeep(-1).add(Math.log(p))), x, NEVER))
            .mistake(
                    "the unlikely ones stay",
                    "The tokens below the bar were kept, and those above it cut.",
                    () -> (x, p) -> Tensor.where(x.ge(x.maxKeep(-1).add(Math.log(p))), NEVER, x))
            .mistake(
                    "zero instead of -inf",
                    "A filtered logit of 0 is not gone: exp(0) = 1. Put -inf.",
                    () -> (x, p) -> Tensor.where(x.ge(x.maxKeep(-1).add(Math.log(p))), x, Tensor.scalar(0)))
            .mistake(
                    "probabilities returned",
                    "These are probabilities. Return the logits as they are, -inf elsewhere; the one softmax comes at the end.",
                    () -> (x, p) -> {
                        Tensor all = softmax(x);
                        return Tensor.where(all.ge(all.maxKeep(-1).mul(p)), all, NEVER);
                    })
            .build();

    private MinPExercise() {}

    private static Tensor softmax(Tensor x) {
        return new Softmax().softmax(x);
    }

    private static Case<MinPFn> situation(String name, double p, int rows, int vocabulary) {
        return Case.of(name, seed -> new Cut(new Draw(seed).scaled(1.5, rows, vocabulary), p), MinPExercise::run);
    }

    private static Tensor run(MinPFn answer, Cut in) {
        return answer.keep(in.logits(), in.p());
    }

    /** The four probabilities in an order that comes from the seed. */
    private static Cut known(long seed, double p) {
        float[] probabilities = new Draw(seed).turned(.4f, .3f, .2f, .1f);
        return new Cut(Tensor.of(probabilities, 1, 4).log(), p);
    }

    private static Cut sureAndUnsure(long seed) {
        Tensor unsure = new Draw(seed).scaled(0.2, 6);
        Tensor sure = Tensor.of(new float[] {12, 0, 1, -1, 0, 2}, 6);
        return new Cut(Tensor.stack(0, sure, unsure), 0.4);
    }

    private static Cut twins(long seed) {
        float high = new Draw(seed).between(1, 5);
        return new Cut(Tensor.of(new float[] {high, 0, high, -1}, 1, 4), 1);
    }

    private static Cut negative(long seed) {
        return new Cut(new Draw(seed).scaled(1, 2, 8).sub(20), 0.3);
    }

    private static Cut filtered(long seed) {
        Tensor x = new Draw(seed).scaled(1, 2, 5);
        Tensor gone = Tensor.of(new float[] {0, 1, 0, 0, 1, 1, 0, 0, 0, 1}, 2, 5);
        return new Cut(Tensor.where(gone.gt(0.5), NEVER, x), 0.3);
    }
}
