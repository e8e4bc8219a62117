// %% [markdown]
// # 1.2 Rotary position embedding
//
// Attention sees a set of tokens, not a sequence; rotary embedding tells it where each one stands. **You will build** the rotation,
// about twenty lines, in both layouts that checkpoints use, and the real model will write through it. **You will see** queries turn
// with their position, and a head whose only wish is "the token before me". **You need** chapter 1.1. **About 60 minutes.**
//
// The next cell takes one query of a real run and puts it at twelve positions.

// %%
var sentence = "The animal didn't cross the street because it was too tired.";
var views = RopeViews.of(model(), sentence);
views.turning(new Rope())

// %% [markdown]
// A query of 64 numbers is 32 pairs, and each pair is a hand on a dial. One token further on, every hand has turned a little: pair 0 by
// a radian, the last ones by next to nothing.

// %% [markdown]
// ## Predict
//
// The speeds fall from pair to pair. **After how many tokens has the slowest pair turned round once?** Write your guess; the chart
// below shows it beside what the model's own numbers give.

// %%
predict("1.2 slowest pair", 1000, "tokens")

// %% [markdown]
// ## The idea, small
//
// Pair $i$ of a vector at position $p$ is turned by the angle $\varphi = p \cdot \theta^{-2i/D}$:
//
// $$a' = a \cos\varphi - b \sin\varphi \qquad b' = a \sin\varphi + b \cos\varphi$$
//
// | symbol | what it is |
// |---|---|
// | $(a, b)$ | the two numbers of pair $i$; which two, is the *layout* |
// | $p$ | the token's position: offset + its row |
// | $D$ | numbers per head, so $D/2$ pairs, $i = 0 \dots D/2 - 1$ |
// | $\theta$ | the base: 10,000 in the paper, 1,000,000 in Qwen2.5; larger means slower hands |

// %% [markdown]
// Why does turning help? The dot product of two hands depends only on the angle between them. Turn the query by $p_q\,\omega$ and the key
// by $p_k\,\omega$, and what counts is $(p_q - p_k)\,\omega$: the **distance**. Nobody needs to know where the text began. One pair, with
// numbers that you can change:

// %%
double omega = 0.5; // radians per token
double dot(int queryAt, int keyAt) {
    double qa = Math.cos(queryAt * omega), qb = Math.sin(queryAt * omega); // the hand (1, 0), turned
    double ka = Math.cos(keyAt * omega), kb = Math.sin(keyAt * omega);
    return qa * ka + qb * kb;
}
System.out.println(dot(5, 3) + "  query at 5, key at 3");
System.out.println(dot(105, 103) + "  both 100 further on");
System.out.println(dot(3, 5) + "  places exchanged");
System.out.println(dot(6, 3) + "  one token further apart");

// %% [markdown]
// ## Exercise 1: rotate pairs of halves
//
// Qwen pairs number $i$ of the first half with number $i$ of the second half: $(x_i, x_{i + D/2})$. Write `angles`, a table
// `[L, D/2]`, then `rotate`. `x` may have any axes before the last two; `[L, D/2]` broadcasts over them. `offset` is the position of the
// first row: with a cache (chapter 2.1) one new token arrives alone and stands at position 300. If `x` is float16, return float16:
// `astype(x.dtype())`.
//
// You need `Tensor.of(numbers, length, half)`, which makes a table of a `double[]` that holds it row after row, then
// `slice(axis, from, to)`, `Tensor.concat(axis, a, b)`, `cos()`, `sin()`, `mul`, `add`, `sub`; `traditional` is for exercise 2.

// %% exercise="1.2 rope"
class MyHalvesRope implements RopeFn {
    /** [L, D/2]: the angle of every pair at every position, in radians. */
    Tensor angles(int length, int half, int offset, double theta) {
        // BEGIN SOLUTION angle[p][i] = (offset + p) times theta to the -2i/D, a loop over doubles will do
        double[] angles = new double[length * half];
        for (int p = 0; p < length; p++) {
            for (int i = 0; i < half; i++) {
                angles[p * half + i] = (offset + p) * Math.pow(theta, -(double) i / half);
            }
        }
        return Tensor.of(angles, length, half);
        // END SOLUTION
    }

    /** [..., L, D] -> [..., L, D], same dtype. */
    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) {
        // BEGIN SOLUTION cut x into halves a and b, turn them, put the halves back side by side
        int half = x.dim(-1) / 2;
        Tensor angles = angles(x.dim(-2), half, offset, theta);
        Tensor cos = angles.cos(), sin = angles.sin(); // [L, D/2]
        Tensor a = x.slice(-1, 0, half);
        Tensor b = x.slice(-1, half, 2 * half);
        Tensor turned = Tensor.concat(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos)));
        return turned.astype(x.dtype());
        // END SOLUTION
    }
}

// %% wrong="1.2 rope"
class MyHalvesRope implements RopeFn {
    Tensor angles(int length, int half, int offset, double theta) {
        double[] angles = new double[length * half];
        for (int p = 0; p < length; p++) {
            for (int i = 0; i < half; i++) {
                angles[p * half + i] = p * Math.pow(theta, -(double) i / half);
            }
        }
        return Tensor.of(angles, length, half);
    }

    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) {
        int half = x.dim(-1) / 2;
        Tensor angles = angles(x.dim(-2), half, offset, theta);
        Tensor a = x.slice(-1, 0, half), b = x.slice(-1, half, 2 * half);
        Tensor first = a.mul(angles.cos()).sub(b.mul(angles.sin()));
        Tensor second = a.mul(angles.sin()).add(b.mul(angles.cos()));
        return Tensor.concat(-1, first, second).astype(x.dtype());
    }
}

// %%
check("1.2 rope", MyHalvesRope::new)

// %%
// hint("1.2 rope");
// solution("1.2 rope");

// %% [markdown]
// ## Exercise 2: both layouts
//
// The paper pairs neighbours, $(x_{2i}, x_{2i+1})$; MLX calls that `traditional`, and GGUF files of the Llama family (SmolLM2 among them) store
// their weights for it. The two differ only in the order of the numbers, but a model trained with one and run with the other
// misjudges every distance. Write the neighbours' case: `x.at("..., ::2")` takes every second number from 0, `x.at("..., 1::2")` from 1. The result must
// lie as x lay: even, odd, even, odd. `Tensor.stack(-1, a, b)` puts a and b beside each other on a new last axis of size 2; `reshape(x.shape())` gives
// a tensor the shape of x.

// %% exercise="1.2 both layouts"
class MyRope implements RopeFn {
    private final MyHalvesRope halves = new MyHalvesRope();

    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) {
        if (!traditional) {
            return halves.rotate(x, offset, theta, false);
        }
        // BEGIN SOLUTION turn even and odd numbers as a and b, then interleave them again
        Tensor angles = halves.angles(x.dim(-2), x.dim(-1) / 2, offset, theta);
        Tensor cos = angles.cos(), sin = angles.sin(); // [L, D/2]
        Tensor a = x.at("..., ::2");
        Tensor b = x.at("..., 1::2");
        Tensor turned = Tensor.stack(-1, a.mul(cos).sub(b.mul(sin)), a.mul(sin).add(b.mul(cos))); // [..., L, D/2, 2]
        return turned.reshape(x.shape()).astype(x.dtype());
        // END SOLUTION
    }
}

// %% wrong="1.2 both layouts"
class MyRope implements RopeFn {
    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) {
        return new MyHalvesRope().rotate(x, offset, theta, false);
    }
}

// %%
check("1.2 both layouts", MyRope::new)

// %%
// hint("1.2 both layouts");
// solution("1.2 both layouts");

// %% [markdown]
// ## Plug it in
//
// Every query and every key of every layer now goes through your rotation. Then the same model with the wrong layout: all weights are
// right, all shapes fit, nothing throws. It may even look fine for a few words, which makes this bug so expensive.

// %%
chat(model().with(MyRope::new), "Name three colours.", 12)

// %%
class WrongLayout extends MyRope {
    @Override
    public Tensor rotate(Tensor x, int offset, double theta, boolean traditional) {
        return super.rotate(x, offset, theta, !traditional);
    }
}
chat(model().with(WrongLayout::new), "Name three colours.", 12)

// %% [markdown]
// How bad is it, then? **Perplexity** says among how many tokens the model hesitates at each step, on average: 1 is certainty.
// It is $\exp$ of the mean of $-\log$ of the probability that the model gave to the token which really came.

// %%
String text = """
    A list has a first element and a last one. To reverse it, take elements from its end, one after the other, and put
    them at the end of a new list. When the old list is empty, the new list holds the same elements in reverse order.""";

double perplexity(CausalLm model) {
    int[] tokens = model.tokenizer().encode(text);
    Tensor logits = model.logits(tokens).eval(); // [L, V]
    double sum = 0;
    for (int i = 1; i < tokens.length; i++) {
        sum += logits.at(i - 1).logSumExp().item() - logits.item(i - 1, tokens[i]);
    }
    return Math.exp(sum / (tokens.length - 1));
}

// %%
record Result(String positions, double perplexity) {}
RopeFn still = (x, offset, theta, traditional) -> x; // no positions at all
Tables.of(List.of(
    new Result("yours", perplexity(model().with(MyRope::new))),
    new Result("the wrong layout", perplexity(model().with(WrongLayout::new))),
    new Result("none", perplexity(model().with(() -> still)))))

// %% [markdown]
// ## See
//
// The answer to your guess (dashed). The fast pairs tell neighbours apart and come round again and again; the slow ones never finish a
// turn within the context and tell near from far.

// %%
views.wavelengths("1.2 slowest pair")

// %% [markdown]
// And this is what a head can do with it. For each distance: the mean score of a query and a key of your sentence, rotated by your
// code. Of all heads this one prefers one near distance most clearly. The dots are the same with both tokens 1,000 positions further on:
// they fall on the line, as they must.

// %%
views.pointer(new MyRope())

// %% [markdown]
// Look at other heads. Some fall off slowly with distance, some hardly care, some swing with a period of 6.3 tokens: what is it that
// turns once in 6.3 tokens? A head that prefers the distance 1 is the one that chapter 1.1 called "the token before".

// %%
int layer = 12, head = 0;
views.distance(new MyRope(), layer, head)

// %% [markdown]
// ## Measure
//
// Rotation is little arithmetic: six operations for a pair. So memory sets the floor, the least time there is: read x once,
// write the result once. The bar beside yours does only that. Each is the median of five runs on the queries of 1,024 tokens, 3.7 MB.

// %%
Tensor queries = Tensor.normal(1, 1, 14, 1024, 64).eval(); // [B, H, L, D]
double copy = Timing.medianMs(() -> queries.add(1));
double yours = Timing.medianMs(() -> new MyRope().rotate(queries, 0, 1e6, false));
double angles = Timing.medianMs(() -> new MyHalvesRope().angles(1024, 32, 0, 1e6));
double gbs = 2 * queries.nbytes() / copy / 1e6;
Charts.bars(String.format("Reading and writing once runs at %.1f GB/s; the rotation takes %.1f × as long", gbs, yours / copy),
    "what runs", "ms", List.of("read and write once", "your rotation", "its angles alone"), copy, yours, angles)

// %% [markdown]
// Where does the time go? Each of `mul`, `sub`, `add`, `concat` reads and writes the whole array again, and the angles are computed anew
// in every layer, for queries and keys. Real systems compute them once and do the rest in one pass over memory (chapter 4.5).

// %% [markdown]
// ## Where real systems differ
//
// - **One table for all layers.** vLLM's `RotaryEmbedding` and llama.cpp's `rope` operation keep cos and sin for all positions, or
//   compute them inside the kernel; **MLX**'s `fast.rope` and vLLM's `rotary_embedding` rotate Q and K in one kernel.
// - **Layouts.** llama.cpp knows `ROPE_TYPE_NORM` (neighbours) and `ROPE_TYPE_NEOX` (halves); its converter permutes Llama's
//   weights so that the neighbours' layout gives the same scores. MLX calls the switch `traditional`, vLLM `is_neox_style`.
// - **Longer than trained.** `rope_scaling` slows the hands down: linear interpolation, NTK-aware, YaRN (Qwen2.5 beyond 32,768 tokens),
//   Llama 3's own. This library refuses a checkpoint (a model's files) that asks for one, rather than ignore it.
// - **Partial.** Some models rotate only a part of each head (`partial_rotary_factor`), and some layers of Llama 4 and SmolLM3 do not
//   rotate at all.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. θ = 10⁶, D = 64. How many radians does pair 16 turn per token, and how many tokens does one turn take?</summary>
// 10⁶ to the −32/64 is 10⁻³ radians. One turn: 2π · 1,000 = 6,283 tokens.
// </details>
//
// <details><summary>2. Why are values not rotated?</summary>
// Position must steer who looks at whom, and that is decided by queries and keys. What is handed over should mean the same wherever it stood.
// </details>
//
// <details><summary>3. Does the length of a query change?</summary>
// No: a rotation keeps lengths. Only angles between queries and keys change.
// </details>
//
// <details><summary>4. A key was rotated when its token was read and then kept in a cache. Must it be rotated again when the text grows?</summary>
// No. Its own position doesn't change, and the new query's rotation alone makes the distance right. That is why rotated keys can be cached.
// </details>
//
// <details><summary>5. You rotate queries but forget the offset in the decode step. What does the model see?</summary>
// Each new token stands at position 0, before everything else: distances are negative and wrong, and the text turns into repetition or noise. No error is thrown.
// </details>
//
// <details><summary>6. Which permutation of the columns turns the halves' layout into the neighbours'?</summary>
// 0, D/2, 1, D/2 + 1, 2, … If the rows of the query and key projections are permuted so, both layouts give the same scores: the dot product doesn't care for the order.
// </details>
//
// <details><summary>7. Position 100,000 in float32: how exact is the angle of pair 0?</summary>
// float32 has 24 bits: near 100,000 neighbouring numbers are 0.0078 apart, so the angle is off by up to 0.004 radians. The library computes angles in double and stores cos and sin.
// </details>

// %% [markdown]
// ## Further
//
// - Su et al., *RoFormer: Enhanced Transformer with Rotary Position Embedding* (2021)
// - Press et al., *Train Short, Test Long: Attention with Linear Biases* (2021): another way to give distance
// - Peng et al., *YaRN: Efficient Context Window Extension of Large Language Models* (2023)
// - Barbero et al., *Round and Round We Go! What makes Rotary Positional Encodings useful?* (2024)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [1.3 Grouped-query attention](13-grouped-query-attention.ipynb), where fourteen query heads share two KV heads.

// %%
progress()
