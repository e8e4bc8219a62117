// %% [markdown]
// # 1.1 Attention
//
// Attention is how a token reads the tokens before it. **You will build** softmax, attention weights, attention and multi-head
// attention, about thirty lines of Java, and Qwen2.5 will write text through them. **You will see** where every word of your own
// sentence looks, in each layer and head. **You need** Java and chapter 0, no deep learning. **About 75 minutes.**
//
// Run the next cell (Shift+Enter): it is the finished thing, on a real model. Then write your own sentence into it.

// %%
var sentence = "The animal didn't cross the street because it was too tired.";
var maps = AttentionMaps.of(model(), sentence);
maps.looks("it", "animal")

// %% [markdown]
// Each row is a token that looks, each column a token that is looked at, and each row sums to 100 %. Grey is the future: a token
// never sees what comes after it. Among all heads of all layers this is the one in which "it" looks most at "animal".

// %% [markdown]
// ## Predict
//
// The model has hundreds of maps like this one. Take the mean over all of them: **how many percent of its attention does a token
// give to the very first token of the text?** Write your guess; the answer comes from your own run, further below.

// %%
predict("1.1 first token", 10, "%")

// %% [markdown]
// ## Arrays, in six lines
//
// A `Tensor` is an array of numbers with a shape. `[3, 2]` is three rows of two. The last axis is −1, the one before it −2;
// `a.dim(-1)` is its size. No call changes a tensor: `a.add(b)` returns the sum, and a stays what it was. This is all that the
// chapter needs; change a line and run it again. Who did chapter 0.1 may go on at once.

// %%
Tensor a = Tensor.of(new float[][] {{1, 2}, {3, 4}, {5, 6}}); // [3, 2]
show(a.matmul(a.T()));     // [3, 2] x [2, 3] -> [3, 3]: every row times every row; T() swaps the last two axes
show(a.sumKeep(-1));       // [3, 1]: sums along the last axis, which stays, with size 1
show(a.div(a.sumKeep(-1))); // [3, 2] / [3, 1]: the column is used for every column, so each row now sums to 1
show(a.sub(a.maxKeep(-1)).exp()); // also mul, add, sqrt, and numbers: a.mul(0.5)
show(a.reshape(2, 3));     // the same six numbers, cut anew into two rows of three
a.transpose(1, 0)          // [2, 3] again, but the axes change places: compare the two

// %% [markdown]
// ## The idea, small
//
// Every token has three vectors: a **query** (what it looks for), a **key** (what it offers to those who look) and a **value** (what
// it hands over). A query is compared with each key by a dot product (multiply number by number, add up); the better they
// match, the more of that value it gets:
//
// $$\text{attention}(Q, K, V) = \underbrace{\text{softmax}\!\left(\tfrac{Q K^\top}{\sqrt{D}} + M\right)}_{\text{weights}} V$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $Q$ | `[L, D]` | one query per token that looks; $D$ numbers each |
// | $K$, $V$ | `[S, D]` | one key and one value per token that can be seen; here $S = L$ |
// | $1/\sqrt{D}$ | | the scale; keeps the dot products near 1 however many numbers a vector has |
// | $M$ | `[L, S]` | the mask: 0 where looking is allowed, −∞ where not |
// | weights | `[L, S]` | who looks where; each row sums to 1 |

// %% [markdown]
// Three tokens, two dimensions. Let the first dimension mean *water* and the second *finance*: "river" is all water, "money" all
// finance, "bank" could be either. Its query asks for water.

// %%
Tensor q = Tensor.of(new float[][] {{2, 0}, {0, 2}, {2, 0}}); // what river, money, bank look for
Tensor k = Tensor.of(new float[][] {{2, 0}, {0, 2}, {1, 1}}); // what they offer
Tensor v = Tensor.of(new float[][] {{1, 0}, {0, 1}, {.5f, .5f}}); // what they hand over
float no = Float.NEGATIVE_INFINITY;
Tensor mask = Tensor.of(new float[][] {{0, no, no}, {0, 0, no}, {0, 0, 0}}); // nobody looks ahead
Tensor scores = q.matmul(k.T()).div(Math.sqrt(2)).add(mask);
scores

// %% [markdown]
// The bottom row is bank's: 2.83 for river, 0 for money, 1.41 for itself. Softmax turns a row of scores into shares:
// $\text{softmax}(x)_i = e^{x_i} / \sum_j e^{x_j}$. With $e^{-\infty} = 0$ a masked key gets nothing.

// %%
Tensor weights = new Softmax().softmax(scores);
show(weights);
weights.matmul(v)

// %% [markdown]
// Bank came as (0.5, 0.5) and leaves as (0.86, 0.14): it has read "river" and is now mostly water. Give bank the query `{0, 2}` and
// run both cells again. In a real model nobody chose the dimensions: queries, keys and values are the token's vector times three
// matrices, and training found the matrices.

// %% [markdown]
// ## Exercise 1: softmax
//
// As in chapter 0.1, now on tensors: softmax over the last axis of an array of any rank, `[..., S]`. Two things go wrong in practice: $e^{89}$ is already
// infinity in float32, and a sum over the wrong axis still gives numbers between 0 and 1. Softmax stays the same when you subtract
// a constant from a whole row. You need `sub`, `exp`, `div`, `maxKeep`, `sumKeep`.

// %% exercise="1.1 softmax"
class MySoftmax implements SoftmaxFn {
    /** [..., S] -> [..., S]; every row sums to 1, and -inf gets 0. */
    public Tensor softmax(Tensor scores) {
        // BEGIN SOLUTION subtract each row's maximum, exp, divide by each row's sum
        Tensor e = scores.sub(scores.maxKeep(-1)).exp();
        return e.div(e.sumKeep(-1));
        // END SOLUTION
    }
}

// %% wrong="1.1 softmax"
class MySoftmax implements SoftmaxFn {
    public Tensor softmax(Tensor scores) {
        return scores.exp().div(scores.exp().sumKeep(-1));
    }
}

// %%
check("1.1 softmax", MySoftmax::new)

// %%
// hint("1.1 softmax");
// solution("1.1 softmax");

// %% [markdown]
// ## Exercise 2: attention weights
//
// Write the left part of the formula. The leading axes of `q` and `k` (batch, heads) take care of themselves: `matmul` and `T()` work
// on the last two. `mask` may be null, and `scale` is given: use it as it is. With fewer queries than keys the mask is `[L, S]` too,
// so there is nothing to do for it. If you skipped exercise 1, write `new Softmax()`, the library's.

// %% exercise="1.1 weights"
class MyWeights implements AttentionFn {
    private final SoftmaxFn softmax = new MySoftmax();

    /** q [..., L, D], k [..., S, D], mask null or broadcastable to [..., L, S] -> [..., L, S]. */
    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) {
        // BEGIN SOLUTION scores of every query with every key, scaled; add the mask if there is one; softmax
        Tensor scores = q.matmul(k.T()).mul(scale); // [..., L, S]
        return softmax.softmax(mask == null ? scores : scores.add(mask));
        // END SOLUTION
    }
}

// %% wrong="1.1 weights"
class MyWeights implements AttentionFn {
    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) {
        Tensor scores = q.matmul(k.T());
        return new MySoftmax().softmax(mask == null ? scores : scores.add(mask));
    }
}

// %%
check("1.1 weights", MyWeights::new)

// %%
// hint("1.1 weights");
// solution("1.1 weights");

// %% [markdown]
// ## Exercise 3: attention
//
// Now the whole formula. `weights` is there already and uses yours; write `attend`. Ask the shapes: weights are `[..., L, S]`, values
// `[..., S, D]`, and the result must be `[..., L, D]`.

// %% exercise="1.1 attention"
class MyAttention implements AttentionFn {
    private final AttentionFn mine = new MyWeights();

    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) {
        return mine.weights(q, k, mask, scale);
    }

    /** q [..., L, D], k and v [..., S, D] -> [..., L, D]: for each query, the mean of the values by its weights. */
    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, Tensor mask, double scale) {
        // BEGIN SOLUTION the weights times the values
        return weights(q, k, mask, scale).matmul(v);
        // END SOLUTION
    }
}

// %% wrong="1.1 attention"
class MyAttention implements AttentionFn {
    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) {
        return new MyWeights().weights(q, k, mask, scale);
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, Tensor mask, double scale) {
        return weights(q, k, mask, scale).matmul(k);
    }
}

// %%
check("1.1 attention", MyAttention::new)

// %%
// hint("1.1 attention");
// solution("1.1 attention");

// %% [markdown]
// ## Exercise 4: multi-head attention
//
// One attention has one way of looking. A layer has $H$ of them, the **heads**, side by side: the token's vector of width $E$ is
// projected to $H$ queries, keys and values of $D$ numbers each, every head attends by itself, and the $H$ results are put beside each
// other and projected back to $E$.
//
// | step | shape |
// |---|---|
// | project: `x.matmul(wq.T())` | `[B, L, E]` → `[B, L, H·D]` |
// | split into heads | → `[B, H, L, D]` |
// | attend, all heads at once, scale $1/\sqrt{D}$ | → `[B, H, L, D]` |
// | merge the heads | → `[B, L, H·D]` |
// | project back: `matmul(wo.T())` | → `[B, L, E]` |

// %% [markdown]
// The trap is *split*. In `[B, L, H·D]` the numbers of one token lie side by side: head 0's $D$, then head 1's. A `reshape` straight
// to `[B, H, L, D]` only cuts this line of numbers anew, and head 0 gets the first tokens instead of its part of every token. Reshape
// to `[B, L, H, D]` first, which moves nothing, then let the axes change places: `transpose(0, 2, 1, 3)` names all four, in their new
// order. *Merge* goes the same way back. Sizes come from the tensors, `y.dim(0)`; $D$ is the width of a projection divided by $H$, and
// not always $E / H$.

// %% exercise="1.1 multi-head"
class MyMultiHead implements MultiHeadFn {
    private final AttentionFn attention = new MyAttention(); // or new ScaledDotProductAttention(), the library's

    public Tensor apply(Tensor x, Tensor wq, Tensor wk, Tensor wv, Tensor wo, int numHeads, Tensor mask) {
        // BEGIN SOLUTION project, split, attend in all heads, merge, project back
        Tensor q = split(x.matmul(wq.T()), numHeads); // [B, H, L, D]
        Tensor k = split(x.matmul(wk.T()), numHeads);
        Tensor v = split(x.matmul(wv.T()), numHeads);
        Tensor mixed = attention.attend(q, k, v, mask, 1 / Math.sqrt(q.dim(-1)));
        return merge(mixed).matmul(wo.T());
        // END SOLUTION
    }

    /** [B, L, H·D] -> [B, H, L, D]. */
    Tensor split(Tensor y, int numHeads) {
        // BEGIN SOLUTION cut the last axis into heads, then swap heads and tokens
        int d = y.dim(-1) / numHeads;
        return y.reshape(y.dim(0), y.dim(1), numHeads, d).transpose(0, 2, 1, 3);
        // END SOLUTION
    }

    /** [B, H, L, D] -> [B, L, H·D]. */
    Tensor merge(Tensor heads) {
        // BEGIN SOLUTION swap back, then glue the heads together
        Tensor y = heads.transpose(0, 2, 1, 3); // [B, L, H, D]
        return y.reshape(y.dim(0), y.dim(1), y.dim(2) * y.dim(3));
        // END SOLUTION
    }
}

// %% wrong="1.1 multi-head"
class MyMultiHead implements MultiHeadFn {
    public Tensor apply(Tensor x, Tensor wq, Tensor wk, Tensor wv, Tensor wo, int numHeads, Tensor mask) {
        Tensor q = split(x.matmul(wq.T()), numHeads);
        Tensor k = split(x.matmul(wk.T()), numHeads);
        Tensor v = split(x.matmul(wv.T()), numHeads);
        Tensor mixed = new MyAttention().attend(q, k, v, mask, 1 / Math.sqrt(q.dim(-1)));
        Tensor y = mixed.transpose(0, 2, 1, 3);
        return y.reshape(y.dim(0), y.dim(1), y.dim(2) * y.dim(3)).matmul(wo.T());
    }

    Tensor split(Tensor y, int numHeads) {
        return y.reshape(y.dim(0), numHeads, y.dim(1), y.dim(-1) / numHeads);
    }
}

// %%
check("1.1 multi-head", MyMultiHead::new)

// %%
// hint("1.1 multi-head");
// solution("1.1 multi-head");

// %% [markdown]
// ## Plug it in
//
// Now your `MyAttention` replaces the library's in every layer of the real model. Each word below went through your softmax, hundreds
// of times. It is slow: the model reads the whole text again for each token. Chapters 1.6 and 2.1 are about that.

// %%
chat(model().with(MyAttention::new), "Why is the sky blue? One sentence.", 12)

// %% [markdown]
// ## See
//
// The maps of one layer, computed by your code. The caption says what a head mostly looks at: the *first* token, the token
// *before*, *itself*. Change the layer: early ones look around, later ones differ much from head to head.

// %%
int layer = 5;
AttentionMaps mine() { return AttentionMaps.of(model().with(MyAttention::new), sentence); } // one run of the model, through yours
mine().grid(layer)

// %% [markdown]
// What is the scale good for? Take it away. The dot product of two vectors of $D$ numbers around 1 is around $\sqrt{D}$ in size, so without
// the scale one key takes nearly all, and every token hears only one other. A trained model survives that for a few words, but it could
// not have been trained so: training changes weights by what a small change would do, and at a share of 0 or 1 a small change does nothing.

// %%
class Unscaled extends MyAttention {
    @Override
    public Tensor weights(Tensor q, Tensor k, Tensor mask, double scale) {
        return super.weights(q, k, mask, 1);
    }
}
AttentionMaps.of(model().with(Unscaled::new), sentence).grid("without the scale", layer)

// %% [markdown]
// The mean of the heads as a film, from the first layer to the last. Words that belong together find each other; and from the fourth layer on
// the first column takes half of everything, in some layers nearly all, until the last layer lets go of it.

// %%
mine().film()

// %% [markdown]
// Here is the answer to your guess (dashed), layer by layer. The first token is the **attention sink**. A softmax can't say "nothing":
// each row must sum to 1. A head that finds nothing to read puts its attention where it does no harm, on the one token that all others
// can see, whose value has become nearly zero for that purpose. Nobody designed this; training found it.

// %%
mine().sinkByLayer("1.1 first token")

// %%
mine().sinks()

// %% [markdown]
// Leave the sink out and scale the rest to 100 %, and some of the meaning comes out: not in every row (`mine().withoutFirst().film()` is worth a look). Then ask for a pair of words. Try
// `"it", "street"`, and a sentence that ends in "wide" instead of "tired": the row of "it" stays the same to the last digit. Why?

// %%
show(mine().withoutFirst().layer(10));
mine().strongest("it", "animal")

// %% [markdown]
// ## Measure
//
// Twice the tokens, four times the scores: attention's work grows as $L^2$. One multiply-add is two operations, $QK^\top$ and the
// weighted mean take $2 \cdot H L^2 D$ each. The ceiling is what this machine's matrix product reaches on a large square, measured in the
// same cell. Each point is the median of five runs.

// %%
{
    var cost = AttentionCost.of(MyAttention::new, 128, 256, 512, 1024);
    show(cost.table());
    show(cost.chart());
}

// %% [markdown]
// Why below the ceiling? The products are fast, but the scores `[H, L, L]` are written to memory and read again by the scale, the mask,
// the maximum, exp, the sum and the division: little arithmetic, much traffic. At 1,024 tokens and 14 heads that is 59 MB each time.

// %% [markdown]
// ## Where real systems differ
//
// - **Nobody stores the weights.** *FlashAttention* walks over the keys in tiles and keeps a running maximum and sum for each row, so
//   `[L, S]` never exists. It is `-fa` in **llama.cpp** (`ggml_flash_attn_ext`), `mx.fast.scaled_dot_product_attention` in **MLX**, and
//   the default backend of **vLLM** and **SGLang** (FlashAttention, FlashInfer). You will write one in chapter 2.4.
// - **Fewer key heads than query heads.** Qwen2.5 0.5B has 14 query heads and only 2 KV heads: chapter 1.3.
// - **Keys know where they stand.** Attention as written can't tell the order of words. The maps above could, because Qwen rotates
//   queries and keys by their position first: chapter 1.2.
// - **Keys and values are kept.** When one token is added, only one row of the map is new: the KV cache, chapter 2.1.
// - **The sink is load-bearing.** Windows that drop old tokens keep the first few (StreamingLLM); gpt-oss learns a sink per head.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Queries and keys have D = 64 independent numbers of variance 1. How large is a typical dot product, and after the scale?</summary>
// Variances add: 64 products of variance 1 give variance 64, so about ±8. Divided by √64 = 8 it is about ±1.
// </details>
//
// <details><summary>2. How many bytes do the weights of one layer take for 32,768 tokens, 14 heads, float32?</summary>
// 14 · 32,768² · 4 bytes = 60 GB. One layer. This is why nobody stores them.
// </details>
//
// <details><summary>3. Why is the mask added before the softmax, rather than multiplied by 0 and 1 after it?</summary>
// After the softmax a row would no longer sum to 1: the hidden keys have already taken their share. −∞ before it gives them exactly 0 and the rest the whole.
// </details>
//
// <details><summary>4. A row of nothing but −∞: what does softmax give?</summary>
// The maximum is −∞, and −∞ − (−∞) is NaN. A query must see at least one key; under the causal mask each sees itself.
// </details>
//
// <details><summary>5. "tired" becomes "wide", and "it" should now mean the street. Why does the row of "it" not change?</summary>
// "it" comes before "wide" and can't see it. What the model makes of the pronoun must happen in the tokens after "wide".
// </details>
//
// <details><summary>6. Swap two words of a text, without rotary embedding and without a mask. What happens to the outputs?</summary>
// They are swapped too, and nothing else changes: attention is a weighted mean over a set. Order comes from the mask and from position (chapter 1.2).
// </details>
//
// <details><summary>7. Two queries are equal. Can their outputs differ?</summary>
// Under the causal mask yes: the later one sees more keys. Without a mask no.
// </details>

// %% [markdown]
// ## Further
//
// - Vaswani et al., *Attention Is All You Need* (2017), section 3.2
// - Elhage et al., *A Mathematical Framework for Transformer Circuits* (2021): what heads do together
// - Xiao et al., *Efficient Streaming Language Models with Attention Sinks* (2023)
// - Milakov and Gimelshein, *Online normalizer calculation for softmax* (2018): the way to FlashAttention

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [1.2 Rotary position embedding](12-rope.ipynb), where queries and keys learn where they stand. Your progress so far:

// %%
progress()
