// %% [markdown]
// # 1.3 Grouped-query attention
//
// Fourteen heads look, two heads are looked at: the trick that makes long texts affordable. **You will build** grouped-query attention,
// the causal mask and the padding mask, about thirty lines. **You will see** which head reads which, what leaks without each mask, and
// what every token costs in memory. **You need** chapter 1.1. **About 60 minutes.**
//
// The next cell asks the real model's attention who reads whom.

// %%
HeadSharing.of(GroupedQueryAttention::new, model().config()).picture()

// %% [markdown]
// The drawing was found by trying: one KV head is changed, and every query head whose result changes must have read it.

// %% [markdown]
// ## Predict
//
// While a text grows, the keys and values of all its tokens are kept (chapter 2.1). Look at the sizes of your model, then guess:
// **how many kB does one token keep, over all layers, at 2 bytes a number?**

// %%
var config = model().config();
show("%d layers, %d query heads, %d KV heads, %d numbers a head".formatted(config.numHiddenLayers(),
        config.numAttentionHeads(), config.numKeyValueHeads(), config.headDim()));
predict("1.3 kv bytes", 50, "kB")

// %% [markdown]
// ## The idea, small
//
// In chapter 1.1 each head had its own queries, keys and values. Queries are used once and forgotten; keys and values are kept and read
// again for every new token. So let several query heads share one pair:
//
// $$\text{head } h \text{ reads KV head } \left\lfloor h / G \right\rfloor, \qquad G = H_q / H_{kv}$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $Q$ | `[B, H_q, L, D]` | queries of $H_q$ heads for $L$ tokens of $B$ texts |
// | $K$, $V$ | `[B, H_kv, S, D]` | keys and values of only $H_{kv}$ heads |
// | $G$ | | the group: query heads that share one KV head |

// %% [markdown]
// $H_{kv} = H_q$ is multi-head attention, $H_{kv} = 1$ is *multi-query* attention, everything between is *grouped*. No loop is needed: give
// the group an axis of its own, and broadcasting does the sharing. Here head $h$ holds the number $h$, and the KV heads hold 10 and 20.

// %%
Tensor q = Tensor.of(new float[] {0, 1, 2, 3}, 1, 4, 1, 1); // [B, H_q = 4, L, D]
Tensor k = Tensor.of(new float[] {10, 20}, 1, 2, 1, 1);     // [B, H_kv = 2, S, D]
Tensor inGroups = q.reshape(1, 2, 2, 1, 1);                 // [B, H_kv, G, L, D]: neighbours stay together
Tensor withRoom = k.expandDims(2);                          // [B, H_kv, 1, S, D]
show(inGroups.add(withRoom).reshape(4));                    // who met whom

// %% [markdown]
// ## Exercise 1: grouped-query attention
//
// Bring queries, keys and values to five axes and call the attention of chapter 1.1: it works on the last two and lets the others
// broadcast. Never repeat K and V in memory. `mask` is null or broadcasts to `[B, H_q, L, S]`, so it needs five axes too; that is the
// trap, since it may come with two, three or four: `mask.broadcastTo(B, H_q, L, S)` first makes it four. You need `reshape`, `expandDims`.

// %% exercise="1.3 grouped"
class MyGrouped implements GroupedAttentionFn {
    private final AttentionFn attention = new ScaledDotProductAttention(); // or your own, from chapter 1.1

    /** q [B, H_q, L, D], k and v [B, H_kv, S, D], mask null or broadcastable to [B, H_q, L, S] -> [B, H_q, L, D]. */
    public Tensor attend(Tensor q, Tensor k, Tensor v, Tensor mask, double scale) {
        // BEGIN SOLUTION give the groups an axis, bring the mask to five axes, attend, undo the grouping
        int b = q.dim(0), heads = q.dim(1), kv = k.dim(1), l = q.dim(2), s = k.dim(2);
        Tensor grouped = q.reshape(b, kv, heads / kv, l, q.dim(3)); // [B, H_kv, G, L, D]
        if (mask != null) {
            mask = mask.broadcastTo(b, heads, l, s).reshape(b, kv, heads / kv, l, s);
        }
        Tensor mixed = attention.attend(grouped, k.expandDims(2), v.expandDims(2), mask, scale);
        return mixed.reshape(q.shape());
        // END SOLUTION
    }
}

// %% wrong="1.3 grouped"
class MyGrouped implements GroupedAttentionFn {
    public Tensor attend(Tensor q, Tensor k, Tensor v, Tensor mask, double scale) {
        int group = q.dim(1) / k.dim(1);
        Tensor[] copies = new Tensor[group];
        Arrays.fill(copies, k);
        Tensor keys = Tensor.concat(1, copies);
        Arrays.fill(copies, v);
        return new ScaledDotProductAttention().attend(q, keys, Tensor.concat(1, copies), mask, scale);
    }
}

// %%
check("1.3 grouped", MyGrouped::new)

// %%
// hint("1.3 grouped");
// solution("1.3 grouped");

// %% [markdown]
// ## Exercise 2: the causal mask
//
// A model is trained to guess each next token, so a token must not see what comes after it. The mask is added to the scores: 0 where a
// query may look, $-\infty$ where not. With a cache there are fewer queries than keys, and the queries are the **last** $L$ of $S$
// tokens. For $L = 2$, $S = 4$:
//
// | | key 0 | key 1 | key 2 | key 3 |
// |---|---|---|---|---|
// | query 0 (token 2) | 0 | 0 | 0 | −∞ |
// | query 1 (token 3) | 0 | 0 | 0 | 0 |
//
// More queries than keys make no sense: throw an `IllegalArgumentException`. You need `Tensor.arange(n)`, which is 0, 1, … n − 1,
// `add`, `reshape` and `le`, which compares and broadcasts like `add`. `choose` is there already: it turns true and false into 0 and
// −∞ of the `dtype` that is asked for.

// %% exercise="1.3 causal mask"
class MyCausal implements MaskFn {
    /** [L, S]: 0 where key j <= i + (S - L), else -inf. */
    public Tensor causal(int l, int s, DType dtype) {
        // BEGIN SOLUTION refuse L > S, compare a column of query positions with a row of key positions, choose 0 or -inf
        if (l > s) {
            throw new IllegalArgumentException(l + " queries over " + s + " keys: the first would see nothing");
        }
        Tensor query = Tensor.arange(l).add(s - l).reshape(l, 1);
        Tensor key = Tensor.arange(s).reshape(1, s);
        return choose(key.le(query), dtype);
        // END SOLUTION
    }

    /** 0 where visible, -inf elsewhere. */
    Tensor choose(Tensor visible, DType dtype) {
        return Tensor.where(visible, Tensor.scalar(0, dtype), Tensor.scalar(Double.NEGATIVE_INFINITY, dtype));
    }

    public Tensor padding(int[] lengths, int s, DType dtype) {
        return new Masks().padding(lengths, s, dtype); // the library's, until exercise 3
    }
}

// %% wrong="1.3 causal mask"
class MyCausal implements MaskFn {
    public Tensor causal(int l, int s, DType dtype) {
        return choose(Tensor.arange(s).reshape(1, s).le(Tensor.arange(l).reshape(l, 1)), dtype);
    }

    Tensor choose(Tensor visible, DType dtype) {
        return Tensor.where(visible, Tensor.scalar(0, dtype), Tensor.scalar(Double.NEGATIVE_INFINITY, dtype));
    }

    public Tensor padding(int[] lengths, int s, DType dtype) {
        return new Masks().padding(lengths, s, dtype);
    }
}

// %%
check("1.3 causal mask", MyCausal::new)

// %%
// hint("1.3 causal mask");
// solution("1.3 causal mask");

// %% [markdown]
// ## Exercise 3: the padding mask
//
// Texts of a batch have different lengths, a tensor has one. Short texts are filled up on the right, and nobody may read the filling. Row
// $b$ sees key $j$ when $j < \text{lengths}[b]$. The shape is `[B, 1, 1, S]`: the same for all heads and queries, so it broadcasts over
// scores `[B, H, L, S]`. A length outside of $1 \dots S$ is an `IllegalArgumentException`: a text that sees nothing becomes NaN. You
// need `lt`, and `Tensor.of(lengths, lengths.length, 1, 1, 1)`, a column of the lengths.

// %% exercise="1.3 padding mask"
class MyMasks extends MyCausal {
    /** [B, 1, 1, S]: 0 where j < lengths[b], else -inf. */
    @Override
    public Tensor padding(int[] lengths, int s, DType dtype) {
        // BEGIN SOLUTION refuse lengths outside 1…S, compare key numbers with a column of lengths, choose 0 or -inf
        for (int length : lengths) {
            if (length < 1 || length > s) {
                throw new IllegalArgumentException("a text of " + length + " tokens in " + s + " places");
            }
        }
        Tensor key = Tensor.arange(s).reshape(1, 1, 1, s);
        Tensor column = Tensor.of(lengths, lengths.length, 1, 1, 1);
        return choose(key.lt(column), dtype);
        // END SOLUTION
    }
}

// %% wrong="1.3 padding mask"
class MyMasks extends MyCausal {
    @Override
    public Tensor padding(int[] lengths, int s, DType dtype) {
        return choose(Tensor.arange(s).reshape(1, 1, 1, s).le(Tensor.of(lengths, lengths.length, 1, 1, 1)), dtype);
    }
}

// %%
check("1.3 padding mask", MyMasks::new)

// %%
// hint("1.3 padding mask");
// solution("1.3 padding mask");

// %% [markdown]
// ## Plug it in
//
// Your grouping and your mask in every layer of the real model.

// %%
chat(model().with(MyGrouped::new).with(MyMasks::new), "Name three planets.", quick() ? 6 : 14)

// %% [markdown]
// Now without the causal mask. The last token may see everything either way, and the future isn't there yet; but every earlier token now
// looks ahead, as it never did in training. SmolLM2 (the smaller of the course's two models) falls apart at once, Qwen2.5 gets through a short answer in other words. What breaks
// for every model comes under *See*.

// %%
class Unmasked extends MyMasks {
    @Override
    public Tensor causal(int l, int s, DType dtype) {
        return Tensor.zeros(dtype, l, s);
    }
}
chat(model().with(MyGrouped::new).with(Unmasked::new), "Name three planets.", quick() ? 6 : 14)

// %% [markdown]
// ## See
//
// First your heads. Neighbours share; if you had written `h % H_kv`, the wires would cross.

// %%
HeadSharing.of(MyGrouped::new, model().config()).picture()

// %% [markdown]
// What leaks without the causal mask? Exchange one token, and see which tokens' states change. With your mask the upper right
// is grey: a later token changes nothing, not by one bit; 100 % is a state that has nothing left of what it was. That is why a prefix can be computed once and kept, the base of every
// cache from chapter 2.1 on.

// %%
var text = "The cat sat on the warm mat.";
show(MaskLeaks.exchange("With the causal mask", model().with(MyMasks::new), text));
MaskLeaks.exchange("Without", model().with(Unmasked::new), text)

// %% [markdown]
// And the padding? Three texts in one batch; the query is the last token of each. Under the causal mask a single query counts as the last
// of all $S$ tokens and may see everything, the filling too. Each row sums to 100 %.

// %%
var texts = List.of("The cat sat on the warm mat.", "The dog", "It rains again");
int[] lengths = texts.stream().mapToInt(t -> model().tokenizer().encode(t).length).toArray();
int slots = Arrays.stream(lengths).max().getAsInt();
Tensor causalAlone = new MyMasks().causal(1, slots, DType.F32); // all zeros
Tensor both = causalAlone.add(new MyMasks().padding(lengths, slots, DType.F32)); // [B, 1, 1, S]
show(MaskLeaks.filling("Causal mask alone", model(), MyGrouped::new, causalAlone, texts));
MaskLeaks.filling("Both masks", model(), MyGrouped::new, both, texts)

// %% [markdown]
// Here is the answer to your guess: 2 (key and value) × layers × KV heads × numbers a head × 2 bytes. The line is what the
// same model would keep with fewer or more KV heads.

// %%
KvBytes.chart(model().config(), "1.3 kv bytes")

// %% [markdown]
// The same formula for models that you know. Llama 2 7B had no groups: a text of 32,768 tokens would keep more bytes than its
// weights have.

// %%
KvBytes.models()

// %% [markdown]
// ## Measure
//
// One new token over a long text, one layer, in float32: your grouping against repeating each KV head $G$ times first. A new token must
// read all keys and values, so the memory's speed sets the floor: "read once" is the time that would take. Medians of five runs.

// %%
GroupedCost.of(MyGrouped::new, model().config(), 512, quick() ? 1024 : 2048, quick() ? 2048 : 8192).chart() // or .table()

// %% [markdown]
// Repeating writes $G$ times the bytes, then reads them. Sharing saves more than memory: each key that was loaded could meet $G$ queries.
// This code still runs every query head for itself, so it stays well above "read once", except for short texts that lie in the
// processor's cache. Chapter 2.5a has the kernel that loads each key once.

// %% [markdown]
// ## Where real systems differ
//
// - **The group goes into one tile.** FlashAttention (`pack_gqa`) and FlashInfer, under **vLLM** and **SGLang**, treat the $G$ queries of a
//   group as rows of one matrix, so each key is loaded once. **MLX**'s `mx.fast.scaled_dot_product_attention` takes fewer KV heads as they
//   are; **llama.cpp** (`n_head_kv`) broadcasts in `ggml_mul_mat`.
// - **Nobody stores the causal mask.** It is a comparison inside the kernel (`mask="causal"` in MLX), and tiles above the diagonal are
//   skipped, which halves the work of a prefill.
// - **Nobody pads.** vLLM and SGLang put the tokens of all texts in one row, with the places where texts begin (`cu_seqlens`). A padded
//   batch and what it wastes: chapter 2.6.
// - **Beyond groups.** DeepSeek's multi-head latent attention keeps one short vector per token and makes keys and values from it;
//   sliding windows (Mistral, Gemma) are another mask, and let old keys be dropped.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Qwen2.5 7B: 28 layers, 28 query heads, 4 KV heads, D = 128, 16 bits. How many bytes does a text of 32,768 tokens keep?</summary>
// 2 · 28 · 4 · 128 · 2 = 57,344 bytes per token, times 32,768 = 1.88 GB.
// </details>
//
// <details><summary>2. A card has 24 GB, the weights take 15.2 GB. How many such texts at once? How many without groups?</summary>
// 8.8 / 1.88: 4 texts. Without groups each keeps seven times as much, 13.2 GB: not even one.
// </details>
//
// <details><summary>3. Does grouping make the scores smaller, the [L, S] maps?</summary>
// No. There is still one map for each query head, H_q of them. What shrinks are K and V, and the weights that project to them.
// </details>
//
// <details><summary>4. Without a causal mask the answer changes, though its last token may see everything anyway. Why?</summary>
// The last token reads keys and values of earlier ones, and these were made by layers in which they looked ahead: states that training never showed.
// </details>
//
// <details><summary>5. A causal batch, filled up on the right, in one pass over the whole texts. Does the filling disturb the real tokens?</summary>
// No: the filling comes after them, so the causal mask hides it. It disturbs as soon as a new token is written behind it, or when the filling is on the left.
// </details>
//
// <details><summary>6. Why −∞ and not −10,000?</summary>
// A score can be larger than 10,000 below another, and in float16 sums beyond 65,504 overflow. e^−∞ is exactly 0, so a hidden key changes no bit.
// </details>
//
// <details><summary>7. A mask [B, 1, 1, S] is added to scores [B, H_kv, G, L, S]. What goes wrong when B = H_kv?</summary>
// Axes are aligned at the end, so B lies on H_kv: text 0's mask hides keys in KV head 0 of all texts. No error, only wrong numbers.
// </details>

// %% [markdown]
// ## Further
//
// - Ainslie et al., *GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints* (2023)
// - Shazeer, *Fast Transformer Decoding: One Write-Head is All You Need* (2019): multi-query attention
// - DeepSeek-AI, *DeepSeek-V2* (2024), section 2.1: multi-head latent attention
// - Yang et al., *Qwen2.5 Technical Report* (2024): the model that you are running

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [1.4 RMSNorm and the MLP](14-rmsnorm-mlp.ipynb), the other half of a layer. Your progress so far:

// %%
progress()
