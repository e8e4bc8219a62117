package tinyllm.lab.exercises.sampling;

import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Softmax;
import tinyllm.sampling.Temperature;
import tinyllm.sampling.TemperatureFn;
import tinyllm.tensor.Tensor;

/** Exercise "1.7 temperature". */
public final class TemperatureExercise {

    private record Scaled(Tensor logits, double temperature) {}

    public static final Exercise<TemperatureFn> TEMPERATURE = Exercise.of("1.7 temperature", TemperatureFn.class)
            .title("Sharper or flatter")
            .reference(Temperature::new)
            .hint("The distribution is softmax(logits / T): what has to happen to the logits, before any softmax?")
            .hint("A T below 1 must push the logits apart, a T above 1 must pull them together.")
            .hint("return logits.div(temperature);")
            .check(situation("hot: T = 2", 2, 1, 5))
            .check(situation("cold: T = 0.25", 0.25, 1, 5))
            .check(situation("T = 1 changes nothing", 1, 2, 4))
            .check(situation("three rows, T = 0.7", 0.7, 3, 6))
            .check(Case.of(
                    "large logits, T = 0.1",
                    seed -> new Scaled(new Draw(seed).scaled(200, 2, 5), 0.1),
                    TemperatureExercise::run))
            .mistake(
                    "multiplied",
                    "Multiplying by T turns it round: a hot distribution becomes sharp and a cold one flat. Divide.",
                    () -> (x, t) -> x.mul(t))
            .mistake(
                    "probabilities returned",
                    "These are probabilities. The filters that come next expect logits: divide, and leave the softmax to the end.",
                    () -> (x, t) -> softmax(x.div(t)))
            .mistake(
                    "probabilities divided",
                    "Probabilities divided by T are no distribution any more. The temperature divides the logits, before the softmax.",
                    () -> (x, t) -> softmax(x).div(t))
            .mistake(
                    "first row only",
                    "Only the first row of the batch is scaled: every row has the temperature.",
                    () -> (x, t) -> x.dim(0) == 1
                            ? x.div(t)
                            : Tensor.concat(0, x.slice(0, 0, 1).div(t), x.slice(0, 1, x.dim(0))))
            .mistake(
                    "ignored",
                    "The logits come back as they were: the temperature is not used.",
                    () -> (x, t) -> x.add(0))
            .mistake(
                    "subtracted",
                    "Subtracting the same number from all logits changes no probability: the softmax is blind to it. Divide.",
                    () -> (x, t) -> x.sub(t))
            .mistake(
                    "a power",
                    "A power belongs to probabilities (p to the 1/T), not to logits, which may be negative: that gives NaN. Divide.",
                    () -> (x, t) -> x.pow(1 / t))
            .build();

    private TemperatureExercise() {}

    private static Case<TemperatureFn> situation(String name, double t, int rows, int vocabulary) {
        return Case.of(
                name, seed -> new Scaled(new Draw(seed).normal(2, rows, vocabulary), t), TemperatureExercise::run);
    }

    private static Tensor run(TemperatureFn answer, Scaled in) {
        return answer.scale(in.logits(), in.temperature());
    }

    private static Tensor softmax(Tensor x) {
        return new Softmax().softmax(x);
    }
}
