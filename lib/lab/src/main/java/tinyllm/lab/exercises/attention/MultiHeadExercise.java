package tinyllm.lab.exercises.attention;

import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.MultiHeadAttention;
import tinyllm.nn.MultiHeadFn;
import tinyllm.nn.ScaledDotProductAttention;
import tinyllm.tensor.Tensor;

/** Exercise "1.1 multi-head". */
public final class MultiHeadExercise {

    private record Inputs(
            Tensor x,
            Tensor wq,
            Tensor wk,
            Tensor wv,
            Tensor wo,
            int heads,
            @Nullable Tensor mask) {}

    public static final Exercise<MultiHeadFn> MULTI_HEAD = Exercise.of("1.1 multi-head", MultiHeadFn.class)
            .title("Several heads beside each other")
            .reference(MultiHeadAttention::new)
            .hint(
                    "Four products with weights, and one attention for all heads at once: the head is an axis before the tokens.")
            .hint(
                    "After x · wqᵀ the shape is [B, L, H·D]. A head's D numbers stand side by side, so reshape to [B, L, H, D]"
                            + " first and then swap L and H.")
            .hint(
                    "Undo it in the other order: [B, H, L, D] → transpose(0, 2, 1, 3) → reshape(B, L, H·D), then the product with"
                            + " woᵀ. D is wq.dim(0) / numHeads.")
            .check(situation("one head", seed -> inputs(seed, 1, 3, 4, 1, 4, false)))
            .check(situation("two heads", seed -> inputs(seed, 1, 5, 8, 2, 4, false)))
            .check(situation("heads wider than the model", seed -> inputs(seed, 2, 4, 6, 2, 5, true)))
            .check(situation("as many heads as tokens, causal", seed -> inputs(seed, 2, 4, 8, 4, 2, true)))
            .mistake(
                    "heads mixed",
                    "The heads are mixed: reshaping [B, L, H·D] straight to [B, H, L, D] cuts along the tokens. Reshape to"
                            + " [B, L, H, D], then transpose(0, 2, 1, 3).",
                    () -> wrong(new Steps() {
                        @Override
                        Tensor split(Tensor y, int heads) {
                            return y.reshape(y.dim(0), heads, y.dim(1), y.dim(2) / heads);
                        }
                    }))
            .mistake(
                    "heads not brought back",
                    "The heads are merged without swapping H and L back: transpose(0, 2, 1, 3) before the reshape.",
                    () -> wrong(new Steps() {
                        @Override
                        Tensor merge(Tensor y) {
                            return y.reshape(y.dim(0), y.dim(2), y.dim(1) * y.dim(3));
                        }
                    }))
            .mistake(
                    "scale of the whole width",
                    "The scale is 1/√(H·D), but each head has D dimensions: it is 1/√D.",
                    () -> wrong(new Steps() {
                        @Override
                        double scale(int heads, int d) {
                            return 1 / Math.sqrt(heads * (double) d);
                        }
                    }))
            .mistake(
                    "scale of the model's share",
                    "The scale was made of E / H, but a head can be wider than its share of the model: D is the width of a"
                            + " projection divided by H, q.dim(-1).",
                    () -> wrong(new Steps() {
                        @Override
                        double scale(Tensor x, int heads, int d) {
                            return 1 / Math.sqrt(x.dim(-1) / heads);
                        }
                    }))
            .mistake(
                    "scale of the model's width",
                    "The scale is 1/√E, but each head has D dimensions: it is 1/√D.",
                    () -> wrong(new Steps() {
                        @Override
                        double scale(Tensor x, int heads, int d) {
                            return 1 / Math.sqrt(x.dim(-1));
                        }
                    }))
            .mistake(
                    "no scale",
                    "The scores are not scaled: pass 1/√D to the attention.",
                    () -> wrong(new Steps() {
                        @Override
                        double scale(int heads, int d) {
                            return 1;
                        }
                    }))
            .mistake(
                    "numbers before heads",
                    "The heads are cut as [B, L, D, H]: a head's D numbers stand side by side, so reshape to [B, L, H, D].",
                    () -> wrong(new Steps() {
                        @Override
                        Tensor split(Tensor y, int heads) {
                            return y.reshape(y.dim(0), y.dim(1), y.dim(2) / heads, heads)
                                    .transpose(0, 3, 1, 2);
                        }
                    }))
            .mistake(
                    "multiplied by the root",
                    "The scale is √D, which makes the scores larger: it is 1/√D.",
                    () -> wrong(new Steps() {
                        @Override
                        double scale(int heads, int d) {
                            return Math.sqrt(d);
                        }
                    }))
            .mistake(
                    "one over D in integers",
                    "The scale is 0, so every token hears all alike: 1 / q.dim(-1) divides integers. It is 1 / Math.sqrt(D).",
                    () -> wrong(new Steps() {
                        @Override
                        double scale(int heads, int d) {
                            return d > 1 ? 0 : 1;
                        }
                    }))
            .mistake(
                    "values from the keys' weight",
                    "Keys and values come from one weight: v comes from wv.",
                    () -> (x, wq, wk, wv, wo, heads, mask) -> new Steps().apply(x, wq, wk, wk, wo, heads, mask))
            .mistake(
                    "no output projection",
                    "The heads are only put side by side: the product with woᵀ is missing.",
                    () -> wrong(new Steps() {
                        @Override
                        Tensor project(Tensor y, Tensor wo) {
                            return y;
                        }
                    }))
            .mistake(
                    "output weight not transposed",
                    "The last product is with wo as it stands; projections are x · wᵀ, so it is wo.T().",
                    () -> wrong(new Steps() {
                        @Override
                        Tensor project(Tensor y, Tensor wo) {
                            return y.matmul(wo);
                        }
                    }))
            .mistake(
                    "no mask",
                    "Token {row} looks at later tokens: the mask is not handed to the attention.",
                    () -> wrong(new Steps() {
                        @Override
                        @Nullable
                        Tensor mask(@Nullable Tensor mask) {
                            return null;
                        }
                    }))
            .mistake(
                    "queries and keys swapped",
                    "Queries and keys are swapped: q comes from wq, k from wk.",
                    () -> (x, wq, wk, wv, wo, heads, mask) -> new Steps().apply(x, wk, wq, wv, wo, heads, mask))
            .build();

    private MultiHeadExercise() {}

    private static Case<MultiHeadFn> situation(String name, LongFunction<Inputs> inputs) {
        return Case.of(
                name,
                inputs,
                (MultiHeadFn answer, Inputs in) ->
                        answer.apply(in.x(), in.wq(), in.wk(), in.wv(), in.wo(), in.heads(), in.mask()));
    }

    private static Inputs inputs(long seed, int b, int l, int e, int heads, int d, boolean causal) {
        Draw draw = new Draw(seed);
        int width = heads * d;
        return new Inputs(
                draw.normal(b, l, e),
                draw.scaled(0.6, width, e),
                draw.scaled(0.6, width, e),
                draw.scaled(0.6, width, e),
                draw.scaled(0.6, e, width),
                heads,
                causal ? Draw.causal(l, l) : null);
    }

    private static MultiHeadFn wrong(Steps steps) {
        return steps;
    }

    /** The right computation in steps, of which each mistake replaces one. */
    private static class Steps implements MultiHeadFn {

        Tensor split(Tensor y, int heads) {
            return y.reshape(y.dim(0), y.dim(1), heads, y.dim(2) / heads).transpose(0, 2, 1, 3);
        }

        Tensor merge(Tensor y) {
            return y.transpose(0, 2, 1, 3).reshape(y.dim(0), y.dim(2), y.dim(1) * y.dim(3));
        }

        double scale(int heads, int d) {
            return 1 / Math.sqrt(d);
        }

        double scale(Tensor x, int heads, int d) {
            return scale(heads, d);
        }

        Tensor project(Tensor y, Tensor wo) {
            return y.matmul(wo.T());
        }

        @Nullable
        Tensor mask(@Nullable Tensor mask) {
            return mask;
        }

        @Override
        public Tensor apply(Tensor x, Tensor wq, Tensor wk, Tensor wv, Tensor wo, int heads, @Nullable Tensor mask) {
            Tensor q = split(x.matmul(wq.T()), heads); // [B, H, L, D]
            Tensor k = split(x.matmul(wk.T()), heads);
            Tensor v = split(x.matmul(wv.T()), heads);
            Tensor mixed = new ScaledDotProductAttention().attend(q, k, v, mask(mask), scale(x, heads, q.dim(-1)));
            return project(merge(mixed), wo);
        }
    }
}
