// %% [markdown]
// # 1.4 RMSNorm and the MLP
//
// Attention moves information between tokens; the MLP works on each token alone, and the norm keeps the numbers in range. **You will
// build** RMSNorm, SiLU and the SwiGLU MLP, about twenty lines. **You will see** numbers before and after the norm, a few giant channels
// that no one ordered, and what 16 bits cost. **You need** chapter 1.1. **About 50 minutes.**
//
// The next cell shows one layer's input, channel by channel. Remember the peaks.

// %%
var text = "The animal didn't cross the street because it was too tired.";
var numbers = Activations.of(model(), text);
int middle = model().config().numHiddenLayers() / 2;
numbers.channels(middle)

// %% [markdown]
// Every token is a vector of $E$ numbers, its *channels*, and each layer adds to it. The picture shows the largest size that each
// channel reaches over the sentence. The axis is logarithmic.

// %% [markdown]
// ## Predict
//
// Take all numbers that enter a layer, every token and channel. **How many times larger than the median is the largest, in the layer
// where it is worst?** Write your guess; your model's answer comes below.

// %%
predict("1.4 giants", 30, "times")

// %% [markdown]
// ## The idea, small
//
// Each layer adds its result to its input, so the numbers grow from layer to layer. Before a layer reads them, **RMSNorm** brings every
// token to the same size: it divides by the root of the mean of the squares.
//
// $$\text{rmsnorm}(x)_c = \frac{x_c}{\sqrt{\frac{1}{E}\sum_{i} x_i^2 + \varepsilon}} \cdot w_c$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $x$ | `[..., E]` | the tokens, $E$ channels each |
// | $\varepsilon$ | | a tiny number under the root, 1e-6 in Qwen2.5; saves a token of zeros |
// | $w$ | `[E]` | one learned weight per channel |

// %% [markdown]
// Three tokens of two channels. The second is the first times 100, the third a thousandth of it. The norm forgets the size and keeps
// the direction.

// %%
Tensor x = Tensor.of(new float[][] {{3, 4}, {300, 400}, {0.003f, 0.004f}});
Tensor rms = x.square().meanKeep(-1).sqrt();
show(rms); // [3, 1]
x.div(rms)

// %% [markdown]
// ## Exercise 1: RMSNorm
//
// Real checkpoints compute in 16 bits, and float16 ends at 65,504: the square of 300 is already infinity. So convert to float32 first,
// `x.astype(DType.F32)`; normalise; cast back to `x.dtype()`; then multiply by the weight, cast to that dtype too (or before the way back: one rounding
// less, and the check takes both). You need `square`,
// `meanKeep`, `add`, `rsqrt` ($1/\sqrt{x}$), `mul`.

// %% exercise="1.4 rmsnorm"
class MyRmsNorm implements NormFn {
    /** x [..., E], weight [E] -> [..., E], dtype of x. */
    public Tensor normalize(Tensor x, Tensor weight, double eps) {
        // BEGIN SOLUTION to float32; divide each token by the root of its mean square plus eps; cast back; times the weight
        Tensor wide = x.astype(DType.F32);
        Tensor normed = wide.mul(wide.square().meanKeep(-1).add(eps).rsqrt());
        return normed.astype(x.dtype()).mul(weight.astype(x.dtype()));
        // END SOLUTION
    }
}

// %% wrong="1.4 rmsnorm"
class MyRmsNorm implements NormFn {
    public Tensor normalize(Tensor x, Tensor weight, double eps) {
        return x.mul(x.square().meanKeep(-1).add(eps).rsqrt()).mul(weight.astype(x.dtype()));
    }
}

// %%
check("1.4 rmsnorm", MyRmsNorm::new)

// %%
// hint("1.4 rmsnorm");
// solution("1.4 rmsnorm");

// %% [markdown]
// ## Exercise 2: SiLU
//
// Without something that is not a straight line, two matrix products in a row are one. **SiLU** (or *swish*) is the bend:
// $\text{silu}(x) = x \cdot \sigma(x)$ with $\sigma(x) = 1 / (1 + e^{-x})$. Read it as a gate: $\sigma(x)$ tells how far it is open. Mind
// the ends: $e^{89}$ is infinity in float32, and $1 - 0.99999999$ loses every digit. `sigmoid()` is right everywhere.

// %% exercise="1.4 silu"
class MySilu implements ActivationFn {
    /** Any shape; same shape and dtype. */
    public Tensor activate(Tensor x) {
        // BEGIN SOLUTION each number times how far its gate is open
        return x.mul(x.sigmoid());
        // END SOLUTION
    }
}

// %% wrong="1.4 silu"
class MySilu implements ActivationFn {
    public Tensor activate(Tensor x) {
        return x.mul(x.exp().div(x.exp().add(1)));
    }
}

// %%
check("1.4 silu", MySilu::new)

// %%
// hint("1.4 silu");
// solution("1.4 silu");

// %% [markdown]
// ## Exercise 3: the MLP
//
// Two ways from $E$ to the wider $I$, one of them through SiLU, multiplied number by number; then back to $E$:
//
// $$\text{mlp}(x) = W_{down}\,\big(\text{silu}(W_{gate}\,x) \odot W_{up}\,x\big)$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $W_{gate}$, $W_{up}$ | `[I, E]` | widen: `gate.apply(x)`, `up.apply(x)` give `[..., I]` |
// | $\odot$ | | number by number: the gate decides how much of `up` passes |
// | $W_{down}$ | `[E, I]` | narrows back: `down.apply(…)` |
//
// A `Linear` is a weight and maybe a bias; `apply` does $x W^\top + b$.

// %% exercise="1.4 mlp"
class MyMlp implements MlpFn {
    private final ActivationFn silu = new MySilu(); // or new Silu(), the library's

    /** x [..., E] -> [..., E]. */
    public Tensor feed(Tensor x, Linear gate, Linear up, Linear down) {
        // BEGIN SOLUTION open the gates, multiply them with what goes up, bring the product down
        Tensor open = silu.activate(gate.apply(x)); // [..., I]
        return down.apply(open.mul(up.apply(x)));
        // END SOLUTION
    }
}

// %% wrong="1.4 mlp"
class MyMlp implements MlpFn {
    public Tensor feed(Tensor x, Linear gate, Linear up, Linear down) {
        return down.apply(new MySilu().activate(gate.apply(x).mul(up.apply(x))));
    }
}

// %%
check("1.4 mlp", MyMlp::new)

// %%
// hint("1.4 mlp");
// solution("1.4 mlp");

// %% [markdown]
// ## Plug it in
//
// Your norm runs twice in each layer and once at the end, your MLP once in each layer.

// %%
chat(model().with(MyRmsNorm::new).with(MyMlp::new), "Name three planets.", quick() ? 6 : 14)

// %% [markdown]
// Is the norm needed? Leave the division away, keep the weights, and look at the largest number that enters each layer. SmolLM's numbers
// explode until they are NaN; Qwen's stay so small that the layers hardly do anything. Each layer was trained for input of one size.

// %%
class NoNorm implements NormFn {
    public Tensor normalize(Tensor x, Tensor weight, double eps) {
        return x.mul(weight);
    }
}
var grown = Activations.of(model().with(NoNorm::new), text);
show(IntStream.range(0, 12)
        .mapToObj(i -> "layer %2d: %.3g, with the norm %.3g".formatted(
                i, grown.input(i).abs().max().item(), numbers.input(i).abs().max().item()))
        .collect(Collectors.joining("\n")));

// %% [markdown]
// ## See
//
// First the bend. On the right SiLU is nearly $x$ itself, on the left nearly 0; unlike ReLU it has no corner, and it dips a little
// below zero.

// %%
double[] at = IntStream.rangeClosed(-60, 60).mapToDouble(i -> i / 10.0).toArray();
Charts.plot("SiLU: closed on the left, open on the right, no corner", "x", "y")
        .series("silu(x)", at, new MySilu().activate(Tensor.of(at)).toDoubles())
        .series("max(x, 0), ReLU", at, Tensor.of(at).maximum(0).toDoubles())
        .series("how far open: sigmoid(x)", at, Tensor.of(at).sigmoid().toDoubles())
        .picture()

// %% [markdown]
// What enters three layers, as a histogram over powers of two: each layer has its own size of numbers. Your norm brings them to one
// place, so every layer can be trained for the same kind of input.

// %%
int last = model().config().numHiddenLayers() - 1;
show(numbers.before(1, last / 2, last));
numbers.after(MyRmsNorm::new, 1, last / 2, last)

// %% [markdown]
// Here is the answer to your guess: the largest number against the median of all numbers that enter the layer. (The first picture has
// another median, of its channels' peaks: a peak is the largest of a whole sentence, so the factor there is smaller.) The giants do not
// grow slowly. One or two layers write them, and then they stand in the stream for many layers, in the same few channels.

// %%
numbers.giantsByLayer("1.4 giants")

// %% [markdown]
// Who are they? Mostly the first token, in very few channels: the *massive activations* that make the attention sink of chapter 1.1. To
// the norm they are a brake: they make the root large, so all other channels of that token come out near zero, and so does what it
// hands over as a value.

// %%
Tables.of(numbers.giants(middle, 6))

// %% [markdown]
// How many gates are open? Count for yourself: in most layers fewer than half. Which ones open is different for each token, and that is what the layer knows
// about it.

// %%
numbers.openGates()

// %% [markdown]
// And the float32 in your norm? These are the real numbers of each layer, normalised in four ways and compared with float64. bfloat16
// keeps 8 significant bits of its 16: once a sum is large, small squares vanish in it ("summed in bfloat16"; MLX adds in float32 even in
// "bfloat16 throughout"). float16 keeps 11 but ends at 65,504: a giant above 256 squared is infinity, and the token becomes zero. Input and
// output are bfloat16, as in a real checkpoint, except in the float16 row: its roundings alone are smaller.

// %%
Rounding.of(model(), MyRmsNorm::new, text)

// %% [markdown]
// ## Measure
//
// Where are the weights of a layer? Most are in the MLP.

// %%
var config = model().config();
long mlp = 3L * config.hiddenSize() * config.intermediateSize();
long attention = 2L * config.hiddenSize() * config.headDim() * (config.numAttentionHeads() + config.numKeyValueHeads());
show("MLP %,d weights, attention %,d: %.0f %% are in the MLP".formatted(mlp, attention, 100.0 * mlp / (mlp + attention)));

// %% [markdown]
// One layer's MLP for one token alone and for many at once, in float32; medians of five runs. For one token every weight is read for
// two operations, so the memory's speed is the least time there is. Many tokens share the reading, until arithmetic is the limit. This one
// picture is why servers batch.

// %%
MlpCost.of(model(), MyMlp::new, 1, 4, 16, 64, 256).chart() // .table() has the numbers

// %% [markdown]
// ## Where real systems differ
//
// - **One product, not two.** vLLM and SGLang store gate and up as one matrix (`gate_up_proj`, `MergedColumnParallelLinear`) and follow it
//   with one kernel, `SiluAndMul`; **llama.cpp** has `ggml_swiglu_split`.
// - **The norm is fused.** vLLM's `fused_add_rms_norm` adds the result to the stream that runs from layer to layer (chapter 1.5) and normalises in one pass; **MLX** has `mx.fast.rms_norm`. A norm
//   alone reads and writes everything and computes almost nothing.
// - **Weights come in 4 bits** (chapter 2.2), and the giant channels are the reason why activations are harder to quantize than weights:
//   LLM.int8() keeps them in 16 bits, SmoothQuant moves their size into the weights.
// - **Variants.** Gemma multiplies by $1 + w$ and uses GELU; Qwen3 also normalises queries and keys, head by head (chapter 1.5); mixtures of
//   experts have many MLPs and run a few.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A token is (6, 8), ε is 0, the weights are 1. What does RMSNorm give? And for (60, 80)?</summary>
// Mean of squares (36 + 64) / 2 = 50, root 7.07: (0.85, 1.13). The same for (60, 80).
// </details>
//
// <details><summary>2. Qwen2.5 0.5B: E = 896, I = 4864, 24 layers. How many weights do all its MLPs have? How many bytes in 4 bits?</summary>
// 3 · 896 · 4864 · 24 = 313.8 million, of the 494 million that a token needs. In 4 bits 157 MB, plus the scales.
// </details>
//
// <details><summary>3. Does one token's norm depend on the other tokens?</summary>
// No, the mean runs over its own channels alone. So it makes no difference who else is in the batch, and no padding disturbs it.
// </details>
//
// <details><summary>4. LayerNorm also subtracts the mean and adds a bias. Why may RMSNorm leave that away?</summary>
// Nobody proved that it may; it was tried, works as well, and saves a pass. The next product's weights can learn a shift where one is needed.
// </details>
//
// <details><summary>5. A giant of 4,000 sits in one of 896 channels, the others are around 1. How large are the others after the norm?</summary>
// The root of the mean is 4,000 / √896 = 134, so they come out around 1/134 = 0.007. The giant itself is 30.
// </details>
//
// <details><summary>6. Why is silu(gate) times up better than silu(up) alone?</summary>
// One branch says what, the other how much: the product of two learned functions can do more than a bend at a fixed place. Shazeer's paper
// measured it and closed with "we attribute their success to divine benevolence".
// </details>
//
// <details><summary>7. The memory reads 20 GB/s and an MLP has 52 MB of weights. How long does one token take at least? 16 tokens at once?</summary>
// 2.6 ms, and for 16 tokens the same 2.6 ms, 0.16 ms each, as long as the arithmetic keeps up.
// </details>

// %% [markdown]
// ## Further
//
// - Zhang and Sennrich, *Root Mean Square Layer Normalization* (2019)
// - Shazeer, *GLU Variants Improve Transformer* (2020)
// - Sun et al., *Massive Activations in Large Language Models* (2024)
// - Dettmers et al., *LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale* (2022)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [1.5 The transformer block](15-transformer-block.ipynb), where all parts become a model. Your progress so far:

// %%
progress()
