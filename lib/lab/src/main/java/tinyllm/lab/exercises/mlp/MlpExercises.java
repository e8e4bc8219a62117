package tinyllm.lab.exercises.mlp;

import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.ActivationFn;
import tinyllm.nn.Linear;
import tinyllm.nn.MlpFn;
import tinyllm.nn.Silu;
import tinyllm.nn.SwiGlu;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "1.4 silu" and "1.4 mlp". */
public final class MlpExercises {

    private record Inputs(Tensor x, Linear gate, Linear up, Linear down) {}

    public static final Exercise<ActivationFn> SILU = siluMistakes(Exercise.of("1.4 silu", ActivationFn.class)
                    .title("A soft gate")
                    .reference(Silu::new)
                    .hint("Each number times how open its gate is: 0 far on the left, 1 far on the right.")
                    .hint("The opening is the sigmoid, 1 / (1 + e^−x). Every number by itself: no axis, no sum.")
                    .hint("A tensor has sigmoid(), which is right for every x: return x.mul(x.sigmoid()). By hand,"
                            + " mind that e^89 is infinity and that 1 − 0.99999999 loses every digit."))
            .check(activation("some numbers", seed -> new Draw(seed).scaled(3, 4, 5)))
            .check(activation("three axes", seed -> new Draw(seed).normal(2, 3, 4)))
            .check(activation("zeros", seed -> Tensor.zeros(DType.F32, 3)))
            .check(activation("numbers around ±1000", seed -> new Draw(seed).scaled(1000, 6)))
            .check(activation(
                            "small results on the far left",
                            seed -> new Draw(seed).normal(8).sub(20))
                    .within(1e-3, 1e-30))
            .check(activation("float16", seed -> new Draw(seed).scaled(2, 3, 4).astype(DType.F16)))
            .build();

    public static final Exercise<MlpFn> MLP = mlpMistakes(Exercise.of("1.4 mlp", MlpFn.class)
                    .title("Widen, gate, narrow")
                    .reference(SwiGlu::new)
                    .hint("Two ways from E to I, one of them through SiLU; multiplied number by number; one"
                            + " way back to E.")
                    .hint("gate.apply(x) goes through SiLU, up.apply(x) does not; their product [.., I] goes"
                            + " through down.")
                    .hint("down.apply(silu.activate(gate.apply(x)).mul(up.apply(x))); apply adds the bias"
                            + " where there is one."))
            .check(mlp("two tokens", seed -> inputs(seed, 3, 6, false, 1, 1, 2)))
            .check(mlp("as wide inside as outside", seed -> inputs(seed, 4, 4, false, 1, 4)))
            .check(mlp("a batch", seed -> inputs(seed, 4, 7, false, 1, 2, 3)))
            .check(mlp("with biases", seed -> inputs(seed, 3, 5, true, 1, 2)))
            .check(mlp("large inputs", seed -> inputs(seed, 4, 6, false, 60, 3)).within(1e-4, 1e-2))
            .build();

    private MlpExercises() {}

    private static Exercise.Builder<ActivationFn> siluMistakes(Exercise.Builder<ActivationFn> exercise) {
        return exercise.mistake(
                        "only the sigmoid",
                        "This is the gate alone, between 0 and 1: multiply it with x.",
                        () -> Tensor::sigmoid)
                .mistake(
                        "ReLU",
                        "This is ReLU: negative numbers are cut to 0. SiLU lets a little through, x · sigmoid(x).",
                        () -> x -> x.maximum(0))
                .mistake(
                        "GELU",
                        "This is GELU (x · sigmoid(1.702 x) is close to it): SiLU's sigmoid takes x as it is.",
                        () -> x -> x.mul(x.mul(1.702).sigmoid()))
                .mistake(
                        "sign",
                        "The gate opens on the wrong side: sigmoid(x) is 1 / (1 + e^−x), with a minus.",
                        () -> x -> x.mul(x.neg().sigmoid()))
                .mistake(
                        "tanh",
                        "The gate is tanh, which goes from −1 to 1: use the sigmoid, from 0 to 1.",
                        () -> x -> x.mul(x.tanh()))
                .mistake(
                        "softmax",
                        "The numbers of a row compete for one gate, e^x over the sum of the row: that is a softmax."
                                + " Each number has a gate of its own.",
                        () -> x -> x.mul(x.sub(x.maxKeep(-1))
                                .exp()
                                .div(x.sub(x.maxKeep(-1)).exp().sumKeep(-1))))
                .mistake(
                        "infinity over infinity",
                        "e^x / (1 + e^x) is infinity / infinity = NaN for x above 88: write it with e^−x, or use"
                                + " sigmoid().",
                        () -> x -> x.mul(x.exp().div(x.exp().add(1))))
                .mistake(
                        "one minus nearly one",
                        "For x = −20 the gate is 2e-9, but 1 − 1/(1 + e^x) subtracts two numbers that are equal in"
                                + " float32 and gives 0: use sigmoid().",
                        () -> x -> x.mul(x.exp().add(1).pow(-1).neg().add(1)))
                .mistake(
                        "left in float32",
                        "The result is float32, though x was not: keep the dtype of x.",
                        () -> x -> x.astype(DType.F32).mul(x.astype(DType.F32).sigmoid()));
    }

    private static Exercise.Builder<MlpFn> mlpMistakes(Exercise.Builder<MlpFn> exercise) {
        return exercise.mistake(
                        "gate and up swapped",
                        "SiLU is on the wrong branch: gate goes through it, up stays as it is.",
                        () -> (x, gate, up, down) ->
                                down.apply(silu(up.apply(x)).mul(gate.apply(x))))
                .mistake(
                        "no gate",
                        "The gate is missing: silu(up(x)) alone is the older MLP. Multiply silu(gate(x)) with up(x).",
                        () -> (x, gate, up, down) -> down.apply(silu(up.apply(x))))
                .mistake(
                        "no up",
                        "silu(gate(x)) is there, and up(x) is missing: multiply the two.",
                        () -> (x, gate, up, down) -> down.apply(silu(gate.apply(x))))
                .mistake(
                        "added",
                        "The two branches are added; a gate multiplies.",
                        () -> (x, gate, up, down) ->
                                down.apply(silu(gate.apply(x)).add(up.apply(x))))
                .mistake(
                        "SiLU of the product",
                        "SiLU is applied to the product gate(x) · up(x): it belongs on gate(x) alone, before they are"
                                + " multiplied.",
                        () -> (x, gate, up, down) ->
                                down.apply(silu(gate.apply(x).mul(up.apply(x)))))
                .mistake(
                        "no activation",
                        "There is no SiLU on gate(x).",
                        () -> (x, gate, up, down) -> down.apply(gate.apply(x).mul(up.apply(x))))
                .mistake(
                        "SiLU on both",
                        "Both branches go through SiLU: up(x) stays as it is.",
                        () -> (x, gate, up, down) ->
                                down.apply(silu(gate.apply(x)).mul(silu(up.apply(x)))))
                .mistake(
                        "only the sigmoid",
                        "The gate is sigmoid(gate(x)), a GLU: SwiGLU's gate is silu(gate(x)).",
                        () -> (x, gate, up, down) ->
                                down.apply(gate.apply(x).sigmoid().mul(up.apply(x))))
                .mistake(
                        "ReLU",
                        "The gate is ReLU: this is ReGLU. SwiGLU's is silu(gate(x)).",
                        () -> (x, gate, up, down) ->
                                down.apply(gate.apply(x).maximum(0).mul(up.apply(x))))
                .mistake(
                        "not brought back",
                        "The result is as wide as the inside, [.., I]: the last product, with down, is missing.",
                        () -> (x, gate, up, down) -> silu(gate.apply(x)).mul(up.apply(x)))
                .mistake(
                        "residual inside",
                        "x is added to the result. The block does that (chapter 1.5); the MLP returns its own part"
                                + " alone.",
                        () -> (x, gate, up, down) ->
                                x.add(down.apply(silu(gate.apply(x)).mul(up.apply(x)))))
                .mistake(
                        "no biases",
                        "The biases are left out: gate.apply(x) does x · wᵀ and adds the bias where there is one.",
                        () -> (x, gate, up, down) -> {
                            UnaryOperator<Tensor> g = bare(gate);
                            return bare(down).apply(silu(g.apply(x)).mul(bare(up).apply(x)));
                        });
    }

    private static Tensor silu(Tensor x) {
        return x.mul(x.sigmoid());
    }

    private static UnaryOperator<Tensor> bare(Linear linear) {
        return x -> x.matmul(linear.weight().T());
    }

    private static Case<ActivationFn> activation(String name, LongFunction<Tensor> x) {
        return Case.of(name, x, ActivationFn::activate);
    }

    private static Case<MlpFn> mlp(String name, LongFunction<Inputs> inputs) {
        return Case.of(name, inputs, (MlpFn answer, Inputs in) -> answer.feed(in.x(), in.gate(), in.up(), in.down()));
    }

    private static Inputs inputs(long seed, int e, int i, boolean biases, double size, int... leading) {
        Draw draw = new Draw(seed);
        int[] shape = java.util.Arrays.copyOf(leading, leading.length + 1);
        shape[leading.length] = e;
        return new Inputs(
                draw.scaled(size, shape),
                linear(draw, i, e, biases),
                linear(draw, i, e, biases),
                linear(draw, e, i, biases));
    }

    private static Linear linear(Draw draw, int out, int in, boolean biased) {
        Tensor weight = draw.scaled(0.7, out, in);
        @Nullable Tensor bias = biased ? draw.normal(out) : null;
        return new Linear(weight, bias);
    }
}
