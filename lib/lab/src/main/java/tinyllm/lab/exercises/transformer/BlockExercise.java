package tinyllm.lab.exercises.transformer;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.BlockFn;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.NormFn;
import tinyllm.nn.Parts;
import tinyllm.nn.RmsNorm;
import tinyllm.nn.TransformerBlock;
import tinyllm.tensor.Tensor;

/** Exercise "1.5 block". */
public final class BlockExercise {

    private record Task(
            Tensor x, BlockWeights weights, @Nullable Tensor mask, int offset, Parts parts) {}

    public static final Exercise<BlockFn> BLOCK = Exercise.of("1.5 block", BlockFn.class)
            .title("A transformer block")
            .reference(TransformerBlock::new)
            .hint("Twice the same pattern: normalise, compute, add to what was there. First attention, then the MLP.")
            .hint("h = x + attention(norm(x)), and the block gives h + mlp(norm(h)). Each norm has its own weight.")
            .hint(
                    "parts.attentionLayer().apply(parts.norm().normalize(x, w.inputNorm(), w.rmsNormEps()), w.attention(), mask,"
                            + " offset, parts), and parts.mlp().feed(normalised h, w.gateProj(), w.upProj(), w.downProj()).")
            .check(situation("four tokens", seed -> task(seed, 1, 4, 0, Parts.library())))
            .check(situation("a batch of two", seed -> task(seed, 2, 3, 0, Parts.library())))
            .check(situation(
                    "at position 3, with somebody's own rope",
                    seed -> task(seed, 1, 4, 3, TinyWeights.withOffsetShown())))
            .check(situation("one token, no mask", seed -> task(seed, 1, 1, 0, Parts.library())))
            .check(situation(
                    "with somebody's own norm",
                    seed -> task(seed, 1, 3, 0, Parts.library().with((NormFn) (x, w, eps) -> x.mul(w)))))
            .mistake(
                    "attention replaces x",
                    "What attention gives replaces x: it must be added. Without the residual the token forgets itself in every"
                            + " layer.",
                    () -> new Steps() {
                        @Override
                        Tensor addAttended(Tensor x, Tensor attended) {
                            return attended;
                        }
                    })
            .mistake("the MLP replaces h", "What the MLP gives replaces h: it must be added to it.", () -> new Steps() {
                @Override
                Tensor addFed(Tensor x, Tensor h, Tensor fed) {
                    return fed;
                }
            })
            .mistake(
                    "the MLP added to x",
                    "What the MLP gives is added to x, so that the attention's part is lost: add it to h.",
                    () -> new Steps() {
                        @Override
                        Tensor addFed(Tensor x, Tensor h, Tensor fed) {
                            return x.add(fed);
                        }
                    })
            .mistake(
                    "both read x",
                    "The MLP reads x and not h. Attention and MLP side by side is GPT-J's block; here the MLP sees what attention"
                            + " found.",
                    () -> new Steps() {
                        @Override
                        Tensor mlpReads(Tensor x, Tensor h) {
                            return x;
                        }
                    })
            .mistake(
                    "residual from the normalised x",
                    "The normalised x was added, not x: the stream itself is never normalised.",
                    () -> new Steps() {
                        @Override
                        Tensor kept(Tensor x, Tensor normed) {
                            return normed;
                        }
                    })
            .mistake(
                    "the first residual from the normalised x",
                    "What attention gives was added to the normalised x: the stream itself, x, is never normalised.",
                    () -> new Steps() {
                        @Override
                        Tensor kept(Tensor x, Tensor normed) {
                            return normed;
                        }

                        @Override
                        Tensor keptAfter(Tensor h, Tensor normed) {
                            return h;
                        }
                    })
            .mistake(
                    "the second residual from the normalised h",
                    "What the MLP gives was added to the normalised h: the stream itself, h, is never normalised.",
                    () -> new Steps() {
                        @Override
                        Tensor keptAfter(Tensor h, Tensor normed) {
                            return normed;
                        }
                    })
            .mistake(
                    "no first norm",
                    "Attention reads x as it is: it must read norm(x) with the weight inputNorm.",
                    () -> new Steps() {
                        @Override
                        Tensor firstNorm(Tensor x, BlockWeights w, Parts parts) {
                            return x;
                        }
                    })
            .mistake(
                    "no second norm",
                    "The MLP reads h as it is: it must read norm(h) with the weight postAttentionNorm.",
                    () -> new Steps() {
                        @Override
                        Tensor secondNorm(Tensor h, BlockWeights w, Parts parts) {
                            return h;
                        }
                    })
            .mistake(
                    "norms exchanged",
                    "The two norms have changed places: inputNorm stands before attention, postAttentionNorm before the MLP.",
                    () -> new Steps() {
                        @Override
                        Tensor firstNorm(Tensor x, BlockWeights w, Parts parts) {
                            return super.secondNorm(x, w, parts);
                        }

                        @Override
                        Tensor secondNorm(Tensor h, BlockWeights w, Parts parts) {
                            return super.firstNorm(h, w, parts);
                        }
                    })
            .mistake(
                    "one norm weight for both",
                    "Both norms use inputNorm: the second has its own weight, postAttentionNorm.",
                    () -> new Steps() {
                        @Override
                        Tensor secondNorm(Tensor h, BlockWeights w, Parts parts) {
                            return parts.norm().normalize(h, w.inputNorm(), w.rmsNormEps());
                        }
                    })
            .mistake(
                    "norms after the sums",
                    "The sums are normalised, as in the first transformer. Qwen normalises what goes into attention and MLP, and"
                            + " leaves the stream alone.",
                    () -> (x, w, mask, offset, parts) -> {
                        NormFn norm = parts.norm();
                        Tensor h = x.add(parts.attentionLayer().apply(x, w.attention(), mask, offset, parts));
                        h = norm.normalize(h, w.inputNorm(), w.rmsNormEps());
                        Tensor fed = parts.mlp().feed(h, w.gateProj(), w.upProj(), w.downProj());
                        return norm.normalize(h.add(fed), w.postAttentionNorm(), w.rmsNormEps());
                    })
            .mistake(
                    "gate and up swapped",
                    "gateProj and upProj are swapped: the activation belongs to the gate.",
                    () -> new Steps() {
                        @Override
                        Tensor feed(Tensor x, BlockWeights w, Parts parts) {
                            return parts.mlp().feed(x, w.upProj(), w.gateProj(), w.downProj());
                        }
                    })
            .mistake(
                    "no mask",
                    "Tokens look at later tokens: the mask is not handed to the attention layer.",
                    () -> new Steps() {
                        @Override
                        Tensor attend(Tensor x, BlockWeights w, @Nullable Tensor mask, int offset, Parts parts) {
                            return super.attend(x, w, null, offset, parts);
                        }
                    })
            .mistake(
                    "no offset",
                    "The attention layer always begins at position 0: hand it the offset.",
                    () -> new Steps() {
                        @Override
                        Tensor attend(Tensor x, BlockWeights w, @Nullable Tensor mask, int offset, Parts parts) {
                            return super.attend(x, w, mask, 0, parts);
                        }
                    })
            .mistake(
                    "the library's norm",
                    "The norm is always the library's: take parts.norm(), or a learner's own norm is never used.",
                    () -> new Steps() {
                        @Override
                        Tensor firstNorm(Tensor x, BlockWeights w, Parts parts) {
                            return new RmsNorm().normalize(x, w.inputNorm(), w.rmsNormEps());
                        }

                        @Override
                        Tensor secondNorm(Tensor h, BlockWeights w, Parts parts) {
                            return new RmsNorm().normalize(h, w.postAttentionNorm(), w.rmsNormEps());
                        }
                    })
            .build();

    private BlockExercise() {}

    private static Case<BlockFn> situation(String name, LongFunction<Task> task) {
        return Case.of(
                name,
                task,
                (BlockFn answer, Task in) -> answer.apply(in.x(), in.weights(), in.mask(), in.offset(), in.parts()));
    }

    private static Task task(long seed, int b, int l, int offset, Parts parts) {
        TinyWeights tiny = new TinyWeights(seed, 8, 2, 1, 4);
        Tensor x = tiny.draw().normal(b, l, tiny.width());
        return new Task(x, tiny.block(0, 12), l == 1 ? null : Draw.causal(l, l), offset, parts);
    }

    /** The right block in steps, of which each mistake replaces one. */
    private static class Steps implements BlockFn {

        Tensor firstNorm(Tensor x, BlockWeights w, Parts parts) {
            return parts.norm().normalize(x, w.inputNorm(), w.rmsNormEps());
        }

        Tensor secondNorm(Tensor h, BlockWeights w, Parts parts) {
            return parts.norm().normalize(h, w.postAttentionNorm(), w.rmsNormEps());
        }

        Tensor attend(Tensor x, BlockWeights w, @Nullable Tensor mask, int offset, Parts parts) {
            return parts.attentionLayer().apply(x, w.attention(), mask, offset, parts);
        }

        Tensor feed(Tensor x, BlockWeights w, Parts parts) {
            return parts.mlp().feed(x, w.gateProj(), w.upProj(), w.downProj());
        }

        Tensor kept(Tensor x, Tensor normed) {
            return x;
        }

        Tensor keptAfter(Tensor h, Tensor normed) {
            return kept(h, normed);
        }

        Tensor addAttended(Tensor x, Tensor attended) {
            return x.add(attended);
        }

        Tensor mlpReads(Tensor x, Tensor h) {
            return h;
        }

        Tensor addFed(Tensor x, Tensor h, Tensor fed) {
            return h.add(fed);
        }

        @Override
        public Tensor apply(Tensor x, BlockWeights w, @Nullable Tensor mask, int offset, Parts parts) {
            Tensor normed = firstNorm(x, w, parts);
            Tensor h = addAttended(kept(x, normed), attend(normed, w, mask, offset, parts));
            Tensor normedH = secondNorm(mlpReads(x, h), w, parts);
            return addFed(x, keptAfter(h, normedH), feed(normedH, w, parts));
        }
    }
}
