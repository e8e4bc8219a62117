package tinyllm.lab.exercises.transformer;

import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.transformer.TinyWeights.Rotary;
import tinyllm.nn.Attention;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.Parts;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "1.5 qwen3": the attention layer with norms on queries and keys. */
public final class Qwen3Exercise {

    private record Task(Tensor x, AttentionWeights weights) {}

    public static final Exercise<AttentionLayerFn> QWEN3 = Exercise.of("1.5 qwen3", AttentionLayerFn.class)
            .title("What turns Qwen2 into Qwen3")
            .own("1.5 qwen3", "1.5 attention layer")
            .reference(Attention::new)
            .hint("One more step for q and k, between the split and the rotation. v is left alone.")
            .hint(
                    "parts.norm().normalize(q, w.qNorm(), w.rmsNormEps()) works on the last axis, which after the split is one"
                            + " head's D numbers.")
            .hint(
                    "Where w.qNorm() is null, leave q as it is: then the same class runs Qwen2. The same for k and w.kNorm().")
            .check(situation("norms on q and k", seed -> task(seed, 1, 4, sizes(seed, 6, 2, 1, 4), 1e-6)))
            .check(situation("a batch of two", seed -> task(seed, 2, 3, sizes(seed, 6, 4, 2, 4), 1e-6)))
            .check(situation(
                    "heads wider together than the model", seed -> task(seed, 1, 4, sizes(seed, 4, 4, 2, 6), 1e-6)))
            .check(situation("a large epsilon", seed -> task(seed, 1, 4, sizes(seed, 6, 2, 1, 4), 0.5)))
            .check(situation("without norms it is Qwen2", Qwen3Exercise::qwen2))
            .mistake(
                    "no norms",
                    "This is Qwen2's layer: the norms of queries and keys are missing.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor normed(Tensor heads, @Nullable Tensor norm, AttentionWeights w, Parts parts) {
                            return heads;
                        }
                    })
            .mistake(
                    "norm after the rotation",
                    "The norm comes after the rotation. Turning a pair does not change its length, but the norm's weight then meets"
                            + " numbers that are already mixed: normalise first.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor prepare(
                                Tensor heads,
                                @Nullable Tensor norm,
                                AttentionWeights w,
                                UnaryOperator<Tensor> rotate,
                                Parts parts) {
                            return normed(rotate.apply(heads), norm, w, parts);
                        }
                    })
            .mistake(
                    "only queries normalised",
                    "The keys are not normalised: k_norm belongs to them as q_norm to the queries.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor key(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
                            return rotate.apply(heads);
                        }
                    })
            .mistake(
                    "one weight for both",
                    "Keys are scaled by q_norm: they have a weight of their own, k_norm.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor key(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
                            return prepare(heads, w.qNorm(), w, rotate, parts);
                        }
                    })
            .mistake(
                    "values normalised too",
                    "The values are normalised. Only queries and keys are: the norm keeps their dot product in bounds.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor value(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
                            return normed(heads, w.kNorm(), w, parts);
                        }
                    })
            .mistake(
                    "all heads under one norm",
                    "All heads of a token were normalised together: each head has a length of its own, so split first.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor normed(Tensor heads, @Nullable Tensor norm, AttentionWeights w, Parts parts) {
                            return norm == null ? heads : together(heads, norm, w);
                        }
                    })
            .mistake(
                    "norm without its weight",
                    "The weights of the norms are missing: q_norm and k_norm have D numbers each.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor normed(Tensor heads, @Nullable Tensor norm, AttentionWeights w, Parts parts) {
                            Tensor ones = Tensor.ones(DType.F32, heads.dim(-1));
                            return super.normed(heads, norm == null ? null : ones, w, parts);
                        }
                    })
            .mistake(
                    "an epsilon of its own",
                    "The norm's epsilon is fixed at 1e-6: it is the checkpoint's, w.rmsNormEps().",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor normed(Tensor heads, @Nullable Tensor norm, AttentionWeights w, Parts parts) {
                            return norm == null ? heads : parts.norm().normalize(heads, norm, 1e-6);
                        }
                    })
            .build();

    private Qwen3Exercise() {}

    private static Case<AttentionLayerFn> situation(String name, LongFunction<Task> task) {
        return Case.of(name, task, (AttentionLayerFn answer, Task in) -> {
            int l = in.x().dim(1);
            return answer.apply(in.x(), in.weights(), Draw.causal(l, l), 0, Parts.library());
        });
    }

    private static TinyWeights sizes(long seed, int width, int heads, int kvHeads, int headDim) {
        return new TinyWeights(seed, width, heads, kvHeads, headDim);
    }

    private static Task task(long seed, int b, int l, TinyWeights tiny, double eps) {
        Tensor x = tiny.draw().normal(b, l, tiny.width());
        return new Task(x, tiny.qwen3(tiny.gain(tiny.headDim()), tiny.gain(tiny.headDim()), eps));
    }

    private static Task qwen2(long seed) {
        TinyWeights tiny = sizes(seed, 6, 2, 1, 4);
        return new Task(tiny.draw().normal(1, 4, 6), tiny.qwen2(Rotary.QWEN));
    }

    /** RMS over all heads of a token, then each head times the weight. */
    private static Tensor together(Tensor heads, Tensor norm, AttentionWeights w) {
        Tensor rms = heads.square().meanKeep(1, 3).add(w.rmsNormEps()).rsqrt();
        return heads.mul(rms).mul(norm);
    }
}
