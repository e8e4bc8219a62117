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
import tinyllm.nn.Linear;
import tinyllm.nn.Parts;
import tinyllm.tensor.Tensor;

/** Exercise "1.5 attention layer": Qwen2's, with biases. */
public final class AttentionLayerExercise {

    private record Task(
            Tensor x, AttentionWeights weights, @Nullable Tensor mask, int offset, Parts parts) {}

    private static final Rotary TRADITIONAL = new Rotary(10_000, true);
    private static final Rotary OTHER_BASE = new Rotary(7, false);

    public static final Exercise<AttentionLayerFn> LAYER = Exercise.of("1.5 attention layer", AttentionLayerFn.class)
            .title("Qwen2's attention layer")
            .reference(Attention::new)
            .hint(
                    "Project, split into heads, rotate q and k, attend, merge, project back. All six are there to be called.")
            .hint(
                    "Heads.split(w.qProj().apply(x), w.numHeads()) gives [B, H_q, L, D]; k and v have w.numKvHeads(). rope needs"
                            + " offset, w.ropeTheta() and w.ropeTraditional().")
            .hint("parts.grouped().attend(q, k, v, mask, 1 / Math.sqrt(w.headDim())), then"
                    + " w.oProj().apply(Heads.merge(…)).")
            .check(situation("two heads share one", seed -> task(seed, 1, 4, sizes(seed, 6, 2, 1, 4), Rotary.QWEN, 0)))
            .check(situation("a batch of two", seed -> task(seed, 2, 3, sizes(seed, 6, 4, 2, 4), Rotary.QWEN, 0)))
            .check(situation(
                    "heads as wide as the model", seed -> task(seed, 1, 4, sizes(seed, 8, 2, 1, 4), Rotary.QWEN, 0)))
            .check(situation("at position 5, with somebody's own rope", AttentionLayerExercise::goesOn))
            .check(situation("another base", seed -> task(seed, 1, 5, sizes(seed, 6, 2, 1, 6), OTHER_BASE, 2)))
            .check(situation("neighbouring pairs", seed -> task(seed, 1, 4, sizes(seed, 6, 2, 1, 4), TRADITIONAL, 0)))
            .check(situation("one token, no mask", AttentionLayerExercise::oneToken))
            .check(situation("no biases, as in Llama", AttentionLayerExercise::llama))
            .mistake(
                    "no bias",
                    "The biases are missing: w.qProj().apply(x) adds them.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor project(Linear linear, Tensor x) {
                            return x.matmul(linear.weight().T());
                        }
                    })
            .mistake(
                    "no rotation",
                    "Queries and keys are not rotated, so the layer does not know where tokens stand.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor rotate(Tensor heads, int offset, AttentionWeights w, Parts parts) {
                            return heads;
                        }
                    })
            .mistake(
                    "only queries rotated",
                    "The keys are not rotated. The angle between two tokens is right only when both turn.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor key(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
                            return heads;
                        }
                    })
            .mistake(
                    "values rotated too",
                    "The values are rotated. Only queries and keys are: what is handed over must not depend on the position.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor value(Tensor heads, AttentionWeights w, UnaryOperator<Tensor> rotate, Parts parts) {
                            return rotate.apply(heads);
                        }
                    })
            .mistake(
                    "always from position 0",
                    "The rotation begins at 0 although the text goes on at offset: hand offset to rope.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor rotate(Tensor heads, int offset, AttentionWeights w, Parts parts) {
                            return super.rotate(heads, 0, w, parts);
                        }
                    })
            .mistake(
                    "a base of its own",
                    "The base is fixed at 10,000: it is the checkpoint's, w.ropeTheta().",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor rotate(Tensor heads, int offset, AttentionWeights w, Parts parts) {
                            return parts.rope().rotate(heads, offset, 10_000, w.ropeTraditional());
                        }
                    })
            .mistake(
                    "always halves",
                    "The pairs are always halves: some files pair neighbours, w.ropeTraditional() says which.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor rotate(Tensor heads, int offset, AttentionWeights w, Parts parts) {
                            return parts.rope().rotate(heads, offset, w.ropeTheta(), false);
                        }
                    })
            .mistake(
                    "the library's rope",
                    "The rotation is always the library's: take parts.rope(), or a learner's own rope is never used.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor rotate(Tensor heads, int offset, AttentionWeights w, Parts parts) {
                            return super.rotate(heads, offset, w, Parts.library());
                        }
                    })
            .mistake("no scale", "The scores are not scaled: hand 1/√D to attend.", () -> new AttentionLayerSteps() {
                @Override
                double scale(AttentionWeights w) {
                    return 1;
                }
            })
            .mistake(
                    "multiplied by the root",
                    "The scale is √D, which makes the scores larger: it is 1/√D.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        double scale(AttentionWeights w) {
                            return Math.sqrt(w.headDim());
                        }
                    })
            .mistake(
                    "one over D in integers",
                    "The scale is 0, so every token hears all alike: 1 / w.headDim() divides integers. It is"
                            + " 1 / Math.sqrt(w.headDim()).",
                    () -> new AttentionLayerSteps() {
                        @Override
                        double scale(AttentionWeights w) {
                            return 0;
                        }
                    })
            .mistake(
                    "scale of the whole width",
                    "The scale is 1/√(H·D), but each head has D dimensions: it is 1/√D, w.headDim().",
                    () -> new AttentionLayerSteps() {
                        @Override
                        double scale(AttentionWeights w) {
                            return 1 / Math.sqrt(w.numHeads() * (double) w.headDim());
                        }
                    })
            .mistake(
                    "no mask",
                    "Tokens look at later tokens: the mask is not handed to attend.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        @Nullable
                        Tensor mask(@Nullable Tensor mask) {
                            return null;
                        }
                    })
            .mistake(
                    "heads not brought back",
                    "The heads are merged without swapping H and L back: use Heads.merge.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor merge(Tensor heads) {
                            return heads.reshape(heads.dim(0), heads.dim(2), heads.dim(1) * heads.dim(3));
                        }
                    })
            .mistake(
                    "no output projection",
                    "The heads are only put side by side: w.oProj() is missing.",
                    () -> new AttentionLayerSteps() {
                        @Override
                        Tensor output(Linear oProj, Tensor merged) {
                            return merged;
                        }
                    })
            .build();

    private AttentionLayerExercise() {}

    private static Case<AttentionLayerFn> situation(String name, LongFunction<Task> task) {
        return Case.of(
                name,
                task,
                (AttentionLayerFn answer, Task in) ->
                        answer.apply(in.x(), in.weights(), in.mask(), in.offset(), in.parts()));
    }

    private static TinyWeights sizes(long seed, int width, int heads, int kvHeads, int headDim) {
        return new TinyWeights(seed, width, heads, kvHeads, headDim);
    }

    private static Task task(long seed, int b, int l, TinyWeights tiny, Rotary rotary, int offset) {
        Tensor x = tiny.draw().normal(b, l, tiny.width());
        return new Task(x, tiny.qwen2(rotary), Draw.causal(l, l), offset, Parts.library());
    }

    private static Task oneToken(long seed) {
        TinyWeights tiny = sizes(seed, 6, 2, 1, 4);
        return new Task(tiny.draw().normal(1, 1, 6), tiny.qwen2(Rotary.QWEN), null, 3, Parts.library());
    }

    private static Task llama(long seed) {
        TinyWeights tiny = sizes(seed, 6, 3, 1, 4);
        Tensor x = tiny.draw().normal(1, 4, 6);
        AttentionWeights weights = tiny.attention(Rotary.QWEN, false, null, null, 1e-6);
        return new Task(x, weights, Draw.causal(4, 4), 0, Parts.library());
    }

    private static Task goesOn(long seed) {
        TinyWeights tiny = sizes(seed, 6, 2, 2, 4);
        Tensor x = tiny.draw().normal(1, 4, 6);
        return new Task(x, tiny.qwen2(Rotary.QWEN), Draw.causal(4, 4), 5, TinyWeights.withOffsetShown());
    }
}
