package tinyllm.lab.exercises.mlp;

import java.util.function.LongFunction;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.NormFn;
import tinyllm.nn.RmsNorm;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "1.4 rmsnorm". */
public final class NormExercise {

    private record Inputs(Tensor x, Tensor weight, double eps) {}

    public static final Exercise<NormFn> RMSNORM = mistakes(Exercise.of("1.4 rmsnorm", NormFn.class)
                    .title("Every token to the same size")
                    .reference(RmsNorm::new)
                    .hint("The root of the mean of the squares, token by token, is a token's size. Divide by it,"
                            + " then multiply each channel by its weight.")
                    .hint("The mean runs over the last axis and must keep it: x.square().meanKeep(-1). eps belongs"
                            + " under the root: .add(eps).rsqrt().")
                    .hint("Tensor wide = x.astype(DType.F32) first, since 300² is too large for float16. At the end"
                            + " back to x.dtype(), then times the weight in that dtype."))
            .check(situation("two texts of three tokens", seed -> inputs(new Draw(seed).normal(2, 3, 8), seed, 1e-6)))
            .check(situation("as many tokens as channels", seed -> inputs(new Draw(seed).normal(4, 4), seed, 1e-6)))
            .check(situation(
                    "one token, not around zero",
                    seed -> inputs(new Draw(seed).normal(1, 5).add(3), seed, 1e-6)))
            .check(situation("tokens of very different size", NormExercise::uneven))
            .check(situation("a token of zeros", seed -> inputs(Tensor.zeros(DType.F32, 2, 4), seed, 1e-6)))
            .check(situation("numbers as small as √eps", seed -> inputs(new Draw(seed).scaled(1e-3, 3, 6), seed, 1e-6)))
            .check(situation("a large eps", seed -> inputs(new Draw(seed).normal(3, 5), seed, 0.5)))
            .check(situation("float16, numbers around 300", seed -> half(seed, 300, DType.F16)))
            .check(situation("bfloat16", seed -> half(seed, 2, DType.BF16)))
            .build();

    private NormExercise() {}

    private static Exercise.Builder<NormFn> mistakes(Exercise.Builder<NormFn> exercise) {
        return exercise.mistake(
                        "layer norm",
                        "The mean is subtracted: that is LayerNorm. RMSNorm leaves the mean alone and only divides by"
                                + " the size.",
                        () -> wrong((x, eps) -> {
                            Tensor centred = x.sub(x.meanKeep(-1));
                            return centred.mul(size2(centred).add(eps).rsqrt());
                        }))
                .mistake(
                        "no eps",
                        "eps is missing: a token of zeros is divided by zero, and small numbers come out too large."
                                + " Add eps to the mean of the squares.",
                        () -> wrong((x, eps) -> x.div(size2(x).sqrt())))
                .mistake(
                        "eps outside the root",
                        "eps is added to the root instead of under it: sqrt(mean(x²) + eps).",
                        () -> wrong((x, eps) -> x.div(size2(x).sqrt().add(eps))))
                .mistake(
                        "eps after the root",
                        "eps is added to 1/√(mean(x²)), after the root: a token of zeros is divided by zero already."
                                + " First .add(eps), then .rsqrt().",
                        () -> wrong((x, eps) -> x.mul(size2(x).rsqrt().add(eps))))
                .mistake(
                        "multiplied by the size",
                        "x is multiplied by its size, so large tokens become larger: divide, that is .rsqrt() for .sqrt().",
                        () -> wrong((x, eps) -> x.mul(size2(x).add(eps).sqrt())))
                .mistake(
                        "own eps",
                        "eps is always 1e-6, although the caller gives another one: use the argument eps.",
                        () -> wrong((x, eps) -> x.mul(size2(x).add(1e-6).rsqrt())))
                .mistake(
                        "sum instead of mean",
                        "The squares are added up, not averaged, so the result shrinks with the number of channels:"
                                + " meanKeep(-1).",
                        () -> wrong((x, eps) ->
                                x.mul(x.square().sumKeep(-1).add(eps).rsqrt())))
                .mistake(
                        "no root",
                        "x is divided by the mean of the squares itself: take the root of it, .rsqrt() is 1/√.",
                        () -> wrong((x, eps) -> x.div(size2(x).add(eps))))
                .mistake(
                        "mean of the amounts",
                        "The size is the mean of |x|; it must be the root of the mean of x², in which large channels"
                                + " count more.",
                        () -> wrong((x, eps) -> x.div(x.abs().meanKeep(-1).add(eps))))
                .mistake(
                        "one size for all tokens",
                        "All tokens together have one size, so one token changes another's: take each token's own,"
                                + " meanKeep(-1).",
                        () -> wrong((x, eps) -> x.mul(x.square().mean().add(eps).rsqrt())))
                .mistake(
                        "wrong axis",
                        "Each channel is normalised over the tokens: a token's result depends on the other tokens. The"
                                + " mean runs over the last axis, -1.",
                        () -> wrong((x, eps) ->
                                x.mul(x.square().meanKeep(-2).add(eps).rsqrt())))
                .mistake(
                        "lost axis",
                        "The means lost their axis, so token i's size divides channel i: meanKeep(-1) gives [.., 1].",
                        () -> wrong(
                                (x, eps) -> x.mul(x.square().mean(-1).add(eps).rsqrt())))
                .mistake(
                        "no weight",
                        "The weight is missing: after the division each channel is multiplied by its own weight.",
                        () -> (x, weight, eps) ->
                                new RmsNorm().normalize(x, Tensor.ones(DType.F32, weight.dim(0)), eps))
                .mistake(
                        "weight plus one",
                        "The result is multiplied by 1 + weight, as Gemma does; Qwen and Llama multiply by the weight.",
                        () -> (x, weight, eps) -> new RmsNorm().normalize(x, weight.add(1), eps))
                .mistake(
                        "computed in float16",
                        "The squares are computed in float16, where 300² = 90,000 is infinity (the largest number is"
                                + " 65,504): x.astype(DType.F32) first.",
                        () -> (x, weight, eps) ->
                                x.mul(x.square().meanKeep(-1).add(eps).rsqrt()).mul(weight.astype(x.dtype())))
                .mistake(
                        "left in float32",
                        "The result is float32, though x was not: cast back with astype(x.dtype()).",
                        () -> (x, weight, eps) -> {
                            Tensor wide = x.astype(DType.F32);
                            return wide.mul(size2(wide).add(eps).rsqrt()).mul(weight.astype(DType.F32));
                        });
    }

    private interface Wrong {
        Tensor normed(Tensor wide, double eps);
    }

    private static NormFn wrong(Wrong wrong) {
        return (x, weight, eps) ->
                wrong.normed(x.astype(DType.F32), eps).astype(x.dtype()).mul(weight.astype(x.dtype()));
    }

    private static Tensor size2(Tensor x) {
        return x.square().meanKeep(-1);
    }

    private static Case<NormFn> situation(String name, LongFunction<Inputs> inputs) {
        return Case.of(name, inputs, (NormFn answer, Inputs in) -> answer.normalize(in.x(), in.weight(), in.eps()));
    }

    private static Inputs inputs(Tensor x, long seed, double eps) {
        return new Inputs(x, new Draw(seed + 1).normal(x.dim(-1)), eps);
    }

    private static Inputs uneven(long seed) {
        Tensor sizes = Tensor.of(new float[] {0.1f, 1, 50}, 3, 1);
        return inputs(new Draw(seed).normal(3, 6).mul(sizes), seed, 1e-5);
    }

    private static Inputs half(long seed, double size, DType dtype) {
        Tensor x = new Draw(seed).scaled(size, 3, 8).astype(dtype);
        return inputs(x, seed, 1e-6);
    }
}
