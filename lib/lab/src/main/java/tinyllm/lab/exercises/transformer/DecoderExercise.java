package tinyllm.lab.exercises.transformer;

import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Given;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.Decoder;
import tinyllm.nn.DecoderFn;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Parts;
import tinyllm.nn.Softmax;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "1.5 model": the whole decoder. */
public final class DecoderExercise {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares tasks
    private record Task(DecoderWeights weights, int[] tokens, Parts parts) {}

    public static final Exercise<DecoderFn> DECODER = Exercise.of("1.5 model", DecoderFn.class)
            .title("The whole model")
            .reference(Decoder::new)
            .hint("Embed, run one block after the other, normalise once more. The head is the embedding backwards.")
            .hint("embed gives [L, E] and blocks want [1, L, E]: expandDims(0). All blocks share one mask,"
                    + " parts.mask().causal(L, L, x.dtype()). Each block reads what the one before gave.")
            .hint("x = parts.block().apply(x, block, mask, 0, parts) for each block of w.layers(); then"
                    + " parts.norm().normalize(x, w.norm(), w.rmsNormEps()). head: parts.embedding()"
                    + ".asLinear(w.outputTable(), hidden).")
            .check(situation("two layers, tied", 2, true, 3, 1, 4, 1, 5))
            .check(situation("three layers, an output table of their own", 3, false, 0, 6, 2))
            .check(situation("one layer", 1, true, 5, 4, 3, 2))
            .check(situation("one token", 2, false, 4))
            .check(situation("no layer at all", 0, true, 2, 3))
            .check(Case.of("with somebody's own rope", DecoderExercise::fromTheStart, DecoderExercise::run))
            .mistake(
                    "no causal mask",
                    "Tokens look at later tokens: make the causal mask and hand it to every block.",
                    () -> new Steps() {
                        @Override
                        @Nullable
                        Tensor mask(int length, DType dtype, Parts parts) {
                            return null;
                        }
                    })
            .mistake(
                    "no last norm",
                    "The stream goes to the output layer as it is: normalise it with w.norm() first.",
                    () -> new Steps() {
                        @Override
                        Tensor lastNorm(Tensor x, DecoderWeights w, Parts parts) {
                            return x;
                        }
                    })
            .mistake("layers backwards", "The layers ran in the reverse order.", () -> new Steps() {
                @Override
                List<BlockWeights> order(List<BlockWeights> layers) {
                    return layers.reversed();
                }
            })
            .mistake(
                    "every layer reads the embedding",
                    "Each block read the embedding, so only the last one counts: assign the result, x = ….",
                    () -> new Steps() {
                        @Override
                        Tensor blockReads(Tensor embedded, Tensor x) {
                            return embedded;
                        }
                    })
            .mistake(
                    "no block's result is kept",
                    "The embedding came through as it was: every block's result was thrown away. A call changes no tensor, so"
                            + " assign it, x = ….",
                    () -> new Steps() {
                        @Override
                        List<BlockWeights> order(List<BlockWeights> layers) {
                            return List.of();
                        }
                    })
            .mistake(
                    "probabilities instead of logits",
                    "The head gave probabilities. It gives logits: whoever draws a token makes the softmax.",
                    () -> new Steps() {
                        @Override
                        public Tensor head(Tensor hidden, DecoderWeights w, Parts parts) {
                            return new Softmax().softmax(super.head(hidden, w, parts));
                        }
                    })
            .mistake("last layer left out", "The last layer did not run.", () -> new Steps() {
                @Override
                List<BlockWeights> order(List<BlockWeights> layers) {
                    return layers.subList(0, Math.max(0, layers.size() - 1));
                }
            })
            .mistake(
                    "norm after every layer",
                    "The stream was normalised after every layer: w.norm() comes once, at the end.",
                    () -> new Steps() {
                        @Override
                        int offset(int[] tokens) {
                            return 0;
                        }

                        Tensor afterBlock(Tensor x, DecoderWeights w, Parts parts) {
                            return lastNorm(x, w, parts);
                        }
                    })
            .mistake(
                    "always tied",
                    "The embedding is the output layer only where the file has no table for it: w.outputTable() knows.",
                    () -> new Steps() {
                        @Override
                        public Tensor head(Tensor hidden, DecoderWeights w, Parts parts) {
                            return parts.embedding().asLinear(w.embedTokens(), hidden);
                        }
                    })
            .mistake(
                    "the norm in the head again",
                    "hidden is normalised already: the head only multiplies.",
                    () -> new Steps() {
                        @Override
                        public Tensor head(Tensor hidden, DecoderWeights w, Parts parts) {
                            return super.head(lastNorm(hidden, w, parts), w, parts);
                        }
                    })
            .mistake(
                    "blocks at another position",
                    "The blocks begin at a position other than 0: the model reads the whole text, so its first token stands at"
                            + " offset 0.",
                    () -> new Steps() {
                        @Override
                        int offset(int[] tokens) {
                            return tokens.length;
                        }
                    })
            .mistake("no batch axis", "The batch axis is missing: hidden gives [1, L, E].", () -> new Steps() {
                @Override
                public Tensor hidden(int[] tokens, DecoderWeights w, Parts parts) {
                    return super.hidden(tokens, w, parts).squeeze(0);
                }
            })
            .build();

    private DecoderExercise() {}

    private static Case<DecoderFn> situation(String name, int layers, boolean tied, int... tokens) {
        return Case.of(
                name,
                seed -> new Task(new TinyWeights(seed, 8, 2, 1, 4).decoder(7, layers, tied), tokens, Parts.library()),
                DecoderExercise::run);
    }

    /** The text begins at position 0, which a rotation alone does not show. */
    private static Task fromTheStart(long seed) {
        DecoderWeights weights = new TinyWeights(seed, 8, 2, 1, 4).decoder(7, 2, true);
        return new Task(weights, new int[] {2, 6, 1}, TinyWeights.withOffsetShown());
    }

    private static List<Tensor> run(DecoderFn answer, Task in) {
        Tensor hidden = Given.back(answer.hidden(in.tokens().clone(), in.weights(), in.parts()), "hidden");
        return List.of(hidden, answer.head(hidden, in.weights(), in.parts()));
    }

    /** The right decoder in steps, of which each mistake replaces one. */
    private static class Steps implements DecoderFn {

        @Nullable
        Tensor mask(int length, DType dtype, Parts parts) {
            return parts.mask().causal(length, length, dtype);
        }

        List<BlockWeights> order(List<BlockWeights> layers) {
            return layers;
        }

        Tensor blockReads(Tensor embedded, Tensor x) {
            return x;
        }

        int offset(int[] tokens) {
            return 0;
        }

        Tensor afterBlock(Tensor x, DecoderWeights w, Parts parts) {
            return x;
        }

        Tensor lastNorm(Tensor x, DecoderWeights w, Parts parts) {
            return parts.norm().normalize(x, w.norm(), w.rmsNormEps());
        }

        @Override
        public Tensor hidden(int[] tokens, DecoderWeights w, Parts parts) {
            Tensor embedded = parts.embedding().embed(w.embedTokens(), tokens).expandDims(0); // [1, L, E]
            Tensor x = embedded;
            Tensor mask = mask(tokens.length, x.dtype(), parts);
            for (BlockWeights block : order(w.layers())) {
                Tensor out = parts.block().apply(blockReads(embedded, x), block, mask, offset(tokens), parts);
                x = afterBlock(out, w, parts);
            }
            return lastNorm(x, w, parts);
        }

        @Override
        public Tensor head(Tensor hidden, DecoderWeights w, Parts parts) {
            return parts.embedding().asLinear(w.outputTable(), hidden);
        }
    }
}
