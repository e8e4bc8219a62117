package tinyllm.lab.exercises.sampling;

import java.util.function.BiFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Softmax;
import tinyllm.sampling.TopP;
import tinyllm.sampling.TopPFn;
import tinyllm.tensor.Tensor;

/** Exercise "1.7 top-p". */
public final class TopPExercise {

    private record Cut(Tensor logits, double p) {}

    private static final Tensor NEVER = Tensor.scalar(Double.NEGATIVE_INFINITY);

    public static final Exercise<TopPFn> TOP_P = Exercise.of("1.7 top-p", TopPFn.class)
            .title("The nucleus: as many tokens as it takes to reach p")
            .reference(TopP::new)
            .hint(
                    "Sort each row's probabilities from large to small and add them up. A token stays while the mass *before* it is"
                            + " below p, so the first one always stays.")
            .hint(
                    "Tensor order = logits.neg().argsort(-1); the sorted probabilities are takeAlongAxis(order, -1) of the softmax,"
                            + " and the mass before a token is cumsum(-1) minus its own.")
            .hint(
                    "The mask is in sorted order. order.argsort(-1) is the way back: mask.takeAlongAxis(order.argsort(-1), -1), then"
                            + " Tensor.where(mask, logits, Tensor.scalar(Double.NEGATIVE_INFINITY)).")
            .check(Case.of("0.4, 0.3, 0.2, 0.1 with p = 0.5", seed -> known(seed, 0.5), TopPExercise::run))
            .check(Case.of("a tiny p keeps one token", seed -> known(seed, 0.05), TopPExercise::run))
            .check(situation("one row, p = 0.9", 0.9, 1, 12))
            .check(situation("rows that differ, p = 0.6", 0.6, 4, 9))
            .check(situation("p = 0.3", 0.3, 3, 7))
            .check(Case.of("one row rises, one falls", TopPExercise::crossed, TopPExercise::run))
            .check(Case.of("large logits", seed -> new Cut(new Draw(seed).scaled(100, 2, 6), 0.9), TopPExercise::run))
            .check(Case.of("p = 1, and one token has it all", TopPExercise::certain, TopPExercise::run))
            .mistake(
                    "as much as p before it",
                    "A token stays though the ones before it have p together already: the mass before it must be below p, not at"
                            + " most p.",
                    () -> (x, p) -> nucleus(x, (sorted, before) -> before.le(p)))
            .mistake(
                    "cuts the token that reaches p",
                    "The token that carries the sum over p is cut, and a tiny p keeps nothing. Look at the mass before a token, not"
                            + " up to and with it.",
                    () -> (x, p) ->
                            nucleus(x, (sorted, before) -> before.add(sorted).le(p)))
            .mistake(
                    "in the order of the ids",
                    "The probabilities are added up in the order of the ids, not from the most likely down: sort first.",
                    () -> (x, p) -> {
                        Tensor all = softmax(x);
                        return Tensor.where(all.cumsum(-1).sub(all).lt(p), x, NEVER);
                    })
            .mistake(
                    "from the least likely",
                    "The least likely tokens were collected first: argsort sorts rising, so negate the logits.",
                    () -> (x, p) -> {
                        Tensor order = x.argsort(-1);
                        Tensor sorted = softmax(x).takeAlongAxis(order, -1);
                        Tensor kept = sorted.cumsum(-1).sub(sorted).lt(p);
                        return Tensor.where(kept.takeAlongAxis(order.argsort(-1), -1), x, NEVER);
                    })
            .mistake(
                    "sums of logits",
                    "These are running sums of logits, and p is a share of the probability: take the softmax before you sort and add.",
                    () -> (x, p) -> {
                        Tensor order = x.neg().argsort(-1);
                        Tensor sorted = x.takeAlongAxis(order, -1);
                        Tensor kept = sorted.cumsum(-1).sub(sorted).lt(p);
                        return Tensor.where(kept.takeAlongAxis(order.argsort(-1), -1), x, NEVER);
                    })
            .mistake(
                    "never put back",
                    "The mask is still in sorted order when it meets the logits, which are in the order of the ids. Take it back"
                            + " with order.argsort(-1).",
                    () -> (x, p) -> {
                        Tensor sorted = softmax(x).takeAlongAxis(x.neg().argsort(-1), -1);
                        return Tensor.where(sorted.cumsum(-1).sub(sorted).lt(p), x, NEVER);
                    })
            .mistake(
                    "put back the wrong way",
                    "Taking along order a second time shuffles again. The way back is the inverse, order.argsort(-1).",
                    () -> (x, p) -> {
                        Tensor order = x.neg().argsort(-1);
                        Tensor sorted = softmax(x).takeAlongAxis(order, -1);
                        Tensor kept = sorted.cumsum(-1).sub(sorted).lt(p);
                        return Tensor.where(kept.takeAlongAxis(order, -1), x, NEVER);
                    })
            .mistake(
                    "first row's nucleus",
                    "Every row keeps the tokens of the first row's nucleus: each row has its own.",
                    () -> (x, p) -> Tensor.where(keep(x.slice(0, 0, 1), (sorted, before) -> before.lt(p)), x, NEVER))
            .mistake(
                    "a threshold",
                    "Tokens were compared with p one by one. p is a sum: how much the kept tokens have together.",
                    () -> (x, p) -> Tensor.where(softmax(x).ge(p), x, NEVER))
            .mistake(
                    "zero instead of -inf",
                    "A filtered logit of 0 is not gone: exp(0) = 1. Put -inf.",
                    () -> (x, p) -> Tensor.where(keep(x, (sorted, before) -> before.lt(p)), x, Tensor.scalar(0)))
            .mistake(
                    "probabilities returned",
                    "These are probabilities. Keep the logits as they are, -inf elsewhere; the softmax comes at the end.",
                    () -> (x, p) -> softmax(nucleus(x, (sorted, before) -> before.lt(p))))
            .build();

    private TopPExercise() {}

    private static Case<TopPFn> situation(String name, double p, int rows, int vocabulary) {
        return Case.of(name, seed -> new Cut(new Draw(seed).normal(1.5, rows, vocabulary), p), TopPExercise::run);
    }

    private static Tensor run(TopPFn answer, Cut in) {
        return answer.keep(in.logits(), in.p());
    }

    /** The four probabilities in an order that comes from the seed. */
    private static Cut known(long seed, double p) {
        float[] probabilities = new Draw(seed).turned(.4f, .3f, .2f, .1f);
        return new Cut(Tensor.of(probabilities, 1, 4).log(), p);
    }

    private static Cut crossed(long seed) {
        Tensor rising = Tensor.arange(0, 3, 0.5).mul(new Draw(seed).between(1, 2));
        return new Cut(Tensor.stack(0, rising, rising.neg()), 0.8);
    }

    /** Probabilities that are exactly 1 and 0 in float32. */
    private static Cut certain(long seed) {
        float[] logits = {-200, -220, -240, -210};
        logits[new Draw(seed).between(0, 3)] = 0;
        return new Cut(Tensor.of(logits, 1, 4), 1);
    }

    private static Tensor softmax(Tensor x) {
        return new Softmax().softmax(x);
    }

    private static Tensor keep(Tensor x, BiFunction<Tensor, Tensor, Tensor> rule) {
        Tensor order = x.neg().argsort(-1);
        Tensor sorted = softmax(x).takeAlongAxis(order, -1);
        return rule.apply(sorted, sorted.cumsum(-1).sub(sorted)).takeAlongAxis(order.argsort(-1), -1);
    }

    private static Tensor nucleus(Tensor x, BiFunction<Tensor, Tensor, Tensor> rule) {
        return Tensor.where(keep(x, rule), x, NEVER);
    }
}
