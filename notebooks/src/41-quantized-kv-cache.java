// %% [markdown]
// # 4.1 Quantized and compressed KV cache
//
// At long contexts the cache weighs more than the model. **You will build** a codec that stores keys and values in 8 or 4 bits, and two rules for
// a cache that keeps only some of its tokens: a window with attention sinks, and eviction by attention received. **You will see** what each of them saves and
// what it costs. **You need** chapters 2.1 and 2.2, and 1.1 for the sinks. **About 70 minutes** (an estimate).
//
// Run the next cell: the library's caches on one text, bytes against loss. Low and left is good.

// %% tags=["thumbnail"]
var text = """
    The lighthouse stood on a rock a mile from the shore. Every evening its keeper climbed the hundred and twenty steps, trimmed the wick
    and lit the lamp, and every morning he climbed them again to put it out. In winter the waves beat against the lower windows, and for weeks
    no boat could land. Then he read the three books that he owned, wrote letters that nobody would fetch, and counted the ships whose lights went by.
    He knew most of them by name. When a ship that he knew did not come, he wrote that down as well, and waited for the next one.
    """;
CacheLoss.of(model(), text).coded("8 bits", new GroupKvCodec(), 8, 8).coded("4 bits", new GroupKvCodec(), 4, 4)
    .fewer("window of 48", new HeavyHitters(), 4, 0, 44).loss()

// %% [markdown]
// ## Predict
//
// 96 tokens are in the cache of your model. **How many kB do they take in 8 bits?** Each group of 64 components also has a float16 scale and a
// float16 zero. (Qwen2.5-Coder-0.5B: 24 layers, 2 KV heads of 64; SmolLM2-135M: 30 layers, 3 heads.)

// %%
predict("4.1 bytes", 400, "kB")

// %% [markdown]
// ## The idea, small
//
// It is chapter 2.2's ruler, now for numbers that come while the model runs: $x \approx s \cdot c + z$ with $z = \min x$, $s = (\max x - \min x) / (2^{b} - 1)$
// and whole numbers $c$. A group is one token's 64 components of one head. So a token is quantized when it comes, and never again.

// %%
float[] key = {0.3f, -0.1f, 0.2f, 9.0f}; // one giant component
AffineGroup eight = new GroupQuantizer().quantize(key, 8), fourBits = new GroupQuantizer().quantize(key, 4);
Arrays.toString(eight.values()) + " in 8 bits, " + Arrays.toString(fourBits.values()) + " in 4"

// %% [markdown]
// The giant takes the ruler for itself: in 4 bits the other three are equal. Do keys have such giants? One head's keys over the text, component by
// component. The title says how far apart two codes of 8 bits are when these 64 components share a ruler:

// %%
int layer = 0, head = 0; // play with them
KeyRanges.of(model(), text, layer, head)

// %% [markdown]
// Qwen2's keys have giants, always the same ones, since they come from the projection's **bias** $b$; the rotary embedding $R$ then mixes each into its
// pair. What tells one token's key from another's is the small rest. So store the rest: $R(k + b) = R(k) + R(b)$, and $R(b)$ depends on the position
// alone, so a kernel can add it when it reads. (SmolLM2 has no biases: its two lines differ by the rotation alone.) Values need none of this.

// %% [markdown]
// ## Exercise 1: the codec
//
// `pack` turns `[1, H_kv, L, D]` into codes, scales and zeros; `unpack` gives numbers again. D is a multiple of 64.
//
// | field of `KvCodes` | shape | dtype |
// |---|---|---|
// | `codes` | `[1, H_kv, L, D · bits / 8]` | U8; with 4 bits component $i < D/2$ is in the low half of byte $i$, component $D/2 + i$ in the high half |
// | `scales`, `zeros` | `[1, H_kv, L, D / 64]` | F16 |
//
// A group of equal numbers has scale 0: divide by something else then. And keep codes from falling below 0: where float16 has rounded a zero up,
// the smallest number gets a negative code, which as a byte would be a large one.

// %% exercise="4.1 codec"
class MyCodec implements KvCodecFn {
    public KvCodes pack(Tensor numbers, int bits) {
        // BEGIN SOLUTION zeros, scales and codes of each group of 64; two codes of 4 bits share a byte
        int[] shape = numbers.shape();
        int groups = shape[3] / 64, most = (1 << bits) - 1;
        Tensor x = numbers.reshape(1, shape[1], shape[2], groups, 64);
        Tensor zeros = x.minKeep(-1).astype(DType.F16);
        Tensor scales = x.maxKeep(-1).sub(zeros).div(most).astype(DType.F16);
        Tensor codes = x.sub(zeros).div(scales.astype(DType.F32).maximum(1e-12)).round().maximum(0).reshape(shape);
        if (bits == 4) {
            Tensor[] halves = codes.split(-1, 2);
            codes = halves[0].add(halves[1].mul(16));
        }
        return new KvCodes(codes.astype(DType.U8), scales.squeeze(-1), zeros.squeeze(-1), bits);
        // END SOLUTION
    }

    public Tensor unpack(KvCodes packed) {
        // BEGIN SOLUTION the codes of both halves, times their group's scale, plus its zero
        Tensor codes = packed.codes().astype(DType.F32);
        if (packed.bits() == 4) {
            Tensor high = codes.div(16).floor();
            codes = Tensor.concat(-1, codes.sub(high.mul(16)), high);
        }
        int[] shape = codes.shape();
        return codes.reshape(1, shape[1], shape[2], shape[3] / 64, 64)
            .mul(packed.scales().expandDims(4))
            .add(packed.zeros().expandDims(4))
            .reshape(shape);
        // END SOLUTION
    }
}

// %% wrong="4.1 codec"
class MyCodec implements KvCodecFn {
    public KvCodes pack(Tensor numbers, int bits) {
        Tensor zeros = numbers.minKeep(-1), scales = numbers.maxKeep(-1).sub(zeros).div((1 << bits) - 1);
        Tensor codes = numbers.sub(zeros).div(scales).floor();
        return new KvCodes(codes.astype(DType.U8), scales.astype(DType.F16), zeros.astype(DType.F16), bits);
    }

    public Tensor unpack(KvCodes packed) {
        return packed.codes().astype(DType.F32).mul(packed.scales().astype(DType.F32)).add(packed.zeros().astype(DType.F32));
    }
}

// %%
check("4.1 codec", MyCodec::new)

// %%
// hint("4.1 codec");
// solution("4.1 codec");

// %% [markdown]
// ## Exercise 2: a window with sinks
//
// The other way to save: forget. The obvious rule, keep the last $n$ tokens, breaks a model at once, because heads give the attention that they need nowhere
// to the first token (chapter 1.1). **StreamingLLM**'s rule is to keep the first few as well.
//
// `keep` gets how much attention each held token has received, in order, and returns the places that stay, rising. Here `heavy` is 0 and `received`
// counts for its length alone.

// %% exercise="4.1 window"
class MyWindow implements KeepFn {
    public int[] keep(double[] received, int sinks, int heavy, int recent) {
        // BEGIN SOLUTION the first sinks and the last recent ones, each once
        int last = received.length - recent;
        return IntStream.range(0, received.length).filter(i -> i < sinks || i >= last).toArray();
        // END SOLUTION
    }
}

// %% wrong="4.1 window"
class MyWindow implements KeepFn {
    public int[] keep(double[] received, int sinks, int heavy, int recent) {
        return IntStream.range(Math.max(0, received.length - sinks - recent), received.length).toArray();
    }
}

// %%
check("4.1 window", MyWindow::new)

// %%
// hint("4.1 window");
// solution("4.1 window");

// %% [markdown]
// ## Exercise 3: eviction by attention received
//
// A window forgets a name that the text still needs. **H2O** keeps *heavy hitters* too: of the tokens between sinks and window, the `heavy` ones that
// received most attention so far. Of equal ones the later stays. The places come back in the order of the text.

// %% exercise="4.1 heavy"
class MyHeavy implements KeepFn {
    public int[] keep(double[] received, int sinks, int heavy, int recent) {
        // BEGIN SOLUTION first, heaviest between, last; rising
        int last = received.length - recent;
        IntStream between = IntStream.range(sinks, last).boxed()
            .sorted((a, b) -> received[a] == received[b] ? b - a : Double.compare(received[b], received[a]))
            .limit(heavy).mapToInt(i -> i);
        IntStream ends = IntStream.range(0, received.length).filter(i -> i < sinks || i >= last);
        return IntStream.concat(between, ends).sorted().toArray();
        // END SOLUTION
    }
}

// %% wrong="4.1 heavy"
class MyHeavy implements KeepFn {
    public int[] keep(double[] received, int sinks, int heavy, int recent) {
        return IntStream.range(0, received.length).boxed().sorted((a, b) -> Double.compare(received[b], received[a]))
            .limit(sinks + heavy + recent).mapToInt(i -> i).sorted().toArray();
    }
}

// %%
check("4.1 heavy", MyHeavy::new)

// %%
// hint("4.1 heavy");
// solution("4.1 heavy");

// %% [markdown]
// ## Plug it in
//
// The model reads the text, eight tokens at a time, and goes on, with a cache of yours. First 8 bits, then at most 48 tokens of each head.

// %%
int layers = model().config().numHiddenLayers();
{
    show(GoOn.greedily(model(), new CodedKvCache(new MyCodec(), layers, 256, 8, 8), text, quick() ? 4 : 16));
    show(GoOn.greedily(model(), new CompressedKvCache(new MyHeavy(), layers, 256, 4, 20, 24), text, quick() ? 4 : 16));
}

// %% [markdown]
// ## See: who is still known
//
// A row is a layer, a column a token; the colour is the share of its KV heads that still have it. The window is the same in every layer. What is heavy
// is not: each head keeps what its own queries looked at.

// %%
KeptTokens.of(model(), new MyWindow(), text, 4, 0, 28)

// %%
KeptTokens.of(model(), new MyHeavy(), text, 4, 14, 14)

// %% [markdown]
// ## See: bytes and loss
//
// All of them on the same text, against a cache that keeps everything in float32. `difference` is how far the log-probability of the token that came moved, on
// average. "8 and 4 bits" has 8 for keys, 4 for values; the last three keep 48 tokens. *Unrotated*, with 8 bits, is this lab's page format: it stores keys without their bias and before the rotary embedding, $R(k + b) = R(k) + R(b)$, and adds
// both when they are read.

// %%
{
    var loss = CacheLoss.of(model(), text)
        .coded("8 bits", new MyCodec(), 8, 8).coded("8 and 4 bits", new MyCodec(), 8, 4).coded("4 bits", new MyCodec(), 4, 4)
        .pages("unrotated", PageBudget.tokens(1).kind(KvKind.INT8))
        .fewer("window", new MyWindow(), 4, 0, 44).fewer("heavy", new MyHeavy(), 4, 20, 24).fewer("no sinks", new MyWindow(), 0, 0, 48);
    show(loss.table());
    show(loss.bytes("4.1 bytes"));
    show(loss.loss());
}

// %% [markdown]
// On Qwen2.5 plain 8-bit keys lose more than their bits say: the bias takes the ruler. Before the rotation and without the bias they lose hardly anything. SmolLM2 has no
// biases, and there both are alike. And the row without sinks shows what four tokens are worth. None of these numbers changes from run to run: nothing is drawn
// by lot.

// %% [markdown]
// ## Measure: is it faster, too?
//
// One token behind a long text, on the kernels that read pages as they are stored. A step reads all weights and all keys and values once: `floorMs` is what
// that takes at the bandwidth of this machine, and `percentOfFloor` how near the kernels come. Medians of interleaved rounds.

// %%
{
    var reading = PageReading.of(fastModel(), quick() ? 256 : 4096, quick() ? 2 : 7);
    System.out.println(reading);
    show(reading.table());
}

// %% [markdown]
// Fewer bytes are fewer milliseconds only where reading is what takes the time. Codes have to become numbers again, and unrotated keys are
// rotated at every step, which is arithmetic: compare the rows of float16, 8 and 4 bits. Memory is saved in any case, and with it more requests fit (chapter 2.6).

// %% [markdown]
// ## Where real systems differ
//
// - **vLLM** stores float8 (`kv_cache_dtype="fp8"`), a floating-point format without groups, with one scale for a whole tensor. **llama.cpp**: `--cache-type-k q8_0`, blocks of 32 numbers;
//   **MLX**: `QuantizedKVCache(group_size=64, bits=8)`.
// - **KIVI** quantizes keys per *channel* over many tokens, since a giant component stays in its channel, and values per token, as here.
// - **Attention on codes.** No system unpacks the past for each step, as `CodedKvCache` does: the kernel multiplies codes, as this lab's pages do.
// - **StreamingLLM** numbers the kept tokens anew, so that no position is larger than the window; here a token keeps its position.
// - **H2O**, **SnapKV** and others differ in what they count: all attention, the last queries' alone, or by layer. Weights have to be computed for that, and flash attention
//   never has them.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. 8 bits with float16 scale and zero for each 64. How many bits is that a number, and what share of float16?</summary>
// 8 + 32 / 64 = 8.5 bits: 53 % of 16. With 4 bits it is 4.5, or 28 %.
// </details>
//
// <details><summary>2. Why are groups taken along a token's components, and not over several tokens?</summary>
// A token comes alone in decode. A group over 64 tokens would be quantized anew each time one comes, or wait until it is full.
// </details>
//
// <details><summary>3. A budget of 4 + 20 + 24 tokens. How many bytes does Qwen2.5-Coder-0.5B's cache take in float32, after 10 and after 10,000 tokens?</summary>
// 24,576 bytes a token (2 · 24 · 2 · 64 · 4): 246 kB after 10; after 10,000 it is 48 tokens: 1.18 MB.
// </details>
//
// <details><summary>4. Why may a conversation not be rewound behind what was forgotten?</summary>
// The tokens that would be needed again are gone; they would have to be read anew. Later keys were computed with them, too.
// </details>
//
// <details><summary>5. Why do early tokens have an advantage when attention is summed up, and what could be done?</summary>
// They were there for more queries. Divide by the number of queries that could see them, or let old attention fade.
// </details>
//
// <details><summary>6. Would you rather quantize keys or values to 4 bits? Look at your table.</summary>
// Values: an error of a value is averaged over many tokens, an error of a key changes where a head looks.
// </details>

// %% [markdown]
// ## Further
//
// - Liu et al., *KIVI: A Tuning-Free Asymmetric 2bit Quantization for KV Cache* (2024)
// - Xiao et al., *Efficient Streaming Language Models with Attention Sinks* (2023)
// - Zhang et al., *H2O: Heavy-Hitter Oracle for Efficient Generative Inference of Large Language Models* (2023)
// - Hooper et al., *KVQuant: Towards 10 Million Context Length LLM Inference with KV Cache Quantization* (2024)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [4.3 Sampling variants](43-sampling-variants.ipynb), where a grammar says which tokens may come. Your progress:

// %%
progress()
