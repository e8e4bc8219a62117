// %% [markdown]
// # 2.1 KV cache
//
// Week 1's loop reads the whole text again for every token. **You will build** the cure: a cache for keys and values, the decode loop over
// it, and the rule by which a second question keeps what the first one has paid for. **You will see** the cache grow byte by byte, and the
// time per token stop growing. **You need** chapters 1.3 and 1.6. **About 75 minutes.**
//
// Run the next cell: the same answer twice, without a cache and with one.

// %% tags=["thumbnail"]
var question = "Write one short sentence about the sea.";
TokenTimes.of(model(), question, quick() ? 4 : 16)

// %% [markdown]
// The first token costs the same both times: the prompt has to be read. From the second on one line pays for the whole text, the
// other for one token.

// %% [markdown]
// ## Predict
//
// A cache is paid for in memory. **How many MB does the cache of this model hold when the text has 128 tokens?** It has
// 24 layers with 2 KV heads of 64 numbers (SmolLM2, in quick mode: 30 layers, 3 heads), a key and a value each, float32.

// %%
predict("2.1 growth", 10, "MB")

// %% [markdown]
// ## The idea, small
//
// In a layer the newest token's query $q_n$ looks at the keys of all tokens, and takes a mean of their values:
//
// $$\text{out}_n = \text{softmax}\!\left(\tfrac{q_n K_n^\top}{\sqrt{D}}\right) V_n, \qquad K_n = \begin{pmatrix} K_{n-1} \\ k_n \end{pmatrix}, \quad V_n = \begin{pmatrix} V_{n-1} \\ v_n \end{pmatrix}$$
//
// $q_n, k_n, v_n$ `[1, D]` come from token $n$ alone; $K_n, V_n$ `[n, D]` from all. If the old rows of $K$ and $V$ never change, keep them, and
// one row of each is new. Do they? A token sees nothing after it, so nothing that comes later can change it. Look:

// %%
int[] four = model().tokenizer().encode("One two three four");
String name = "layers.5.self_attn.k_proj";
Tensor with3 = model().trace(Arrays.copyOf(four, 3), List.of(5), List.of("self_attn.k_proj")).get(name); // [H_kv, 3, D]
Tensor with4 = model().trace(Arrays.copyOf(four, 4), List.of(5), List.of("self_attn.k_proj")).get(name); // [H_kv, 4, D]
with4.slice(1, 0, 3).sub(with3).abs().max() // the first three tokens' keys, after a fourth has come

// %% [markdown]
// Zero, but for rounding. The same by hand, with $D = 2$: two tokens are known, a third comes.

// %%
Tensor known = Tensor.of(new float[][] {{2, 0}, {0, 2}});               // keys of tokens 0 and 1
Tensor all = Tensor.concat(0, known, Tensor.of(new float[][] {{1, 1}})); // token 2's key comes behind them
Tensor query = Tensor.of(new float[][] {{2, 0}});                       // token 2 alone looks
new Softmax().softmax(query.matmul(all.T()).div(Math.sqrt(2)))          // [1, 3]: one row of weights, not three

// %% [markdown]
// Queries are not kept: nobody looks at an old query. Each token adds, in each layer, $H_{kv}$ keys and as many values of $D$ numbers:
//
// $$\text{bytes per token} = 2 \cdot N \cdot H_{kv} \cdot D \cdot 4$$

// %%
var c = model().config();
2 * c.numHiddenLayers() * c.numKeyValueHeads() * c.headDim() * 4

// %% [markdown]
// ## Exercise 1: the cache
//
// Keys and values on plain arrays. A token's **row** has `width` = $H_{kv} \cdot D$ numbers, its heads side by side; rows lie one behind the other,
// so that a new one goes to the end. `begin` and the two views are written; `append`, `length` and `rewind` are yours.
//
// - `append(layer, newKeys, newValues)` brings a step's tokens, `[L, width]`: a prompt of many, or one. When the array is full, make
//   a **much** longer one: growing by one row copies the whole past for each token.
// - `length()` counts the tokens that *every* layer has. A step goes through the layers one by one, and all of them ask it where the step begins.
// - `rewind(tokens)` forgets the last ones, in all layers; too many, or fewer than 0, is an `IllegalArgumentException`.

// %% exercise="2.1 cache"
class MyCache implements KvArrays {
    int width;
    int[] lengths = {};                 // tokens in each layer
    float[][] keys = {}, values = {};   // for each layer one array, longer than what it holds

    public void begin(int layers, int width) {
        this.width = width;
        lengths = new int[layers];
        keys = new float[layers][0];
        values = new float[layers][0];
    }

    public void append(int layer, float[] newKeys, float[] newValues) {
        // BEGIN SOLUTION void: copy the rows behind those that the layer holds, and count them
        int from = lengths[layer] * width;
        keys[layer] = withRoom(keys[layer], from + newKeys.length);
        values[layer] = withRoom(values[layer], from + newValues.length);
        System.arraycopy(newKeys, 0, keys[layer], from, newKeys.length);
        System.arraycopy(newValues, 0, values[layer], from, newValues.length);
        lengths[layer] += newKeys.length / width;
        // END SOLUTION
    }

    float[] withRoom(float[] memory, int needed) {
        // BEGIN SOLUTION the same array if it is long enough, else a much longer copy
        return needed <= memory.length ? memory : Arrays.copyOf(memory, Math.max(needed, 2 * memory.length));
        // END SOLUTION
    }

    public int length() {
        // BEGIN SOLUTION the tokens that every layer has
        return Arrays.stream(lengths).min().orElse(0);
        // END SOLUTION
    }

    public void rewind(int tokens) {
        // BEGIN SOLUTION void: refuse what makes no sense; every layer forgets its last tokens
        int left = length() - tokens;
        if (tokens < 0 || left < 0) throw new IllegalArgumentException("can't forget " + tokens + " of " + length());
        Arrays.fill(lengths, left);
        // END SOLUTION
    }

    public float[] keys(int layer) { return keys[layer]; }

    public float[] values(int layer) { return values[layer]; }
}

// %% wrong="2.1 cache"
class MyCache implements KvArrays {
    int width;
    int[] lengths = {};
    float[][] keys = {}, values = {};

    public void begin(int layers, int width) {
        this.width = width;
        lengths = new int[layers];
        keys = new float[layers][0];
        values = new float[layers][0];
    }

    public void append(int layer, float[] newKeys, float[] newValues) {
        int from = lengths[layer] * width;
        keys[layer] = Arrays.copyOf(keys[layer], from + newKeys.length);
        values[layer] = Arrays.copyOf(values[layer], from + newValues.length);
        System.arraycopy(newKeys, 0, keys[layer], from, newKeys.length);
        System.arraycopy(newValues, 0, values[layer], from, newValues.length);
        lengths[layer] += newKeys.length / width;
    }

    public int length() { return Arrays.stream(lengths).min().orElse(0); }

    public void rewind(int tokens) {
        if (tokens < 0 || tokens > length()) throw new IllegalArgumentException("can't forget " + tokens);
        Arrays.fill(lengths, length() - tokens);
    }

    public float[] keys(int layer) { return keys[layer]; }

    public float[] values(int layer) { return values[layer]; }
}

// %%
check("2.1 cache", MyCache::new)

// %%
// hint("2.1 cache");
// solution("2.1 cache");

// %% [markdown]
// ## Exercise 2: the cached decode loop
//
// The loop of chapter 1.6 gave the model the whole text each time. This model remembers: `model.next(tokens)` reads tokens *behind* all that it
// has read, and gives the logits of the token after them. `model.next(prompt)` is the **prefill**, one call. After that, each call is one
// token of **decode**. A token that nothing follows need not be read.

// %% exercise="2.1 decode"
class MyCachedLoop implements CachedLoopFn {
    public int[] generate(CachedModel model, int[] prompt, int maxTokens, IntPredicate isEnd, GenerateFn.Choose choose) {
        // BEGIN SOLUTION prefill once; then choose, stop or keep, and read the chosen token alone
        int[] answer = new int[maxTokens];
        Tensor logits = model.next(prompt);
        for (int length = 0; ; ) {
            int token = choose.token(logits);
            if (isEnd.test(token)) return Arrays.copyOf(answer, length);
            answer[length++] = token;
            if (length == maxTokens) return answer;
            logits = model.next(token);
        }
        // END SOLUTION
    }
}

// %% wrong="2.1 decode"
class MyCachedLoop implements CachedLoopFn {
    public int[] generate(CachedModel model, int[] prompt, int maxTokens, IntPredicate isEnd, GenerateFn.Choose choose) {
        int[] text = prompt;
        while (text.length < prompt.length + maxTokens) {
            int token = choose.token(model.next(text));
            if (isEnd.test(token)) break;
            text = Arrays.copyOf(text, text.length + 1);
            text[text.length - 1] = token;
        }
        return Arrays.copyOfRange(text, prompt.length, text.length);
    }
}

// %%
check("2.1 decode", MyCachedLoop::new)

// %%
// hint("2.1 decode");
// solution("2.1 decode");

// %% [markdown]
// ## Exercise 3: the second turn
//
// A conversation's second prompt begins with its first: system text, question, answer, and then the new question. The cache still holds all of
// that. `known` are the tokens in the cache, `text` is what has to be read now. **How many tokens of the cache may stay?** The rest is
// rewound. The last token of `text` must be read in any case: the cache holds no logits.

// %% exercise="2.1 second turn"
class MyReuse implements ReuseFn {
    public int keep(int[] known, int[] text) {
        // BEGIN SOLUTION count what both begin with, and leave one token to read
        int same = 0;
        while (same < Math.min(known.length, text.length - 1) && known[same] == text[same]) {
            same++;
        }
        return same;
        // END SOLUTION
    }
}

// %% wrong="2.1 second turn"
class MyReuse implements ReuseFn {
    public int keep(int[] known, int[] text) {
        int same = 0;
        while (same < Math.min(known.length, text.length) && known[same] == text[same]) {
            same++;
        }
        return same;
    }
}

// %%
check("2.1 second turn", MyReuse::new)

// %%
// hint("2.1 second turn");
// solution("2.1 second turn");

// %% [markdown]
// ## Plug it in
//
// Your loop drives the model, and what it remembers lies in your arrays. Compare the speed below the answer with chapter 1.6's.

// %%
var generator = new Generator(model()).withCache(MyCache::new).withCachedLoop(new MyCachedLoop()).withReuse(new MyReuse());
chat(generator, SamplingParams.GREEDY, question, quick() ? 6 : 16)

// %% [markdown]
// Now a conversation. The second turn's prompt is longer than the first one's, and nearly all of it is in the cache by your rule:

// %%
Turns.of(generator, quick() ? 4 : 12, "What is the capital of Australia?", "And of Japan?")

// %% [markdown]
// The answer's tokens are read again if the chat template writes them in another way than the model did, or adds something in front of
// them. Compare `promptTokens` with `tokensRead`.

// %% [markdown]
// ## See: the cache grows
//
// The model reads a few tokens and writes on, one by one. The straight line is what the tokens need. The stairs are your `withRoom`: let it
// grow by 1.5 instead of 2, or by 32 rows, and run both cells again.

// %%
CacheGrowth.of(model(), MyCache::new, "Once upon a time, in a village by the sea,", quick() ? 30 : 128)

// %% [markdown]
// Your guess is the dashed line. At 32,768 tokens, the context of Qwen2.5-Coder-0.5B, the same line stands at 805 MB in float32: more than the
// model's own file. Doubling holds up to twice of what is needed; chapter 3.1 shares pages among many texts instead.

// %% [markdown]
// ## See: the time stops growing
//
// One more token after texts of growing length: medians of three runs. $O(n)$ without a cache makes $O(n^2)$ for a whole answer of $n$
// tokens; with it a token's time hardly depends on $n$, and an answer takes $O(n)$. The exponents in the legend are fitted to your run.

// %%
{
    var speed = CacheSpeed.of(model(), MyCache::new, quick() ? new int[] {8, 64} : new int[] {16, 32, 64, 128, 256});
    show(speed.chart());
    show(speed.table());
    System.out.println("a whole answer of n tokens takes n^%.2f without a cache, n^%.2f with it".formatted(
            speed.exponentWithout() + 1, speed.exponentWith() + 1));
}

// %% [markdown]
// At short lengths the exponent without a cache is below 1: reading the weights once, which takes the same time for 16 tokens as for 32, hides
// the arithmetic. With a cache it is above 0, since every token still looks at all keys: little work, but it grows.

// %% [markdown]
// ## Measure: two points on one roofline
//
// For each byte that a step reads it does some operations. **Prefill** uses each weight for all tokens of the prompt; **decode** reads the same
// bytes for one. A machine gives so many bytes and so many operations a second, and what is slower decides: the *roofline*.

// %%
{
    var roofline = Roofline.ofSteps(model(), MyCache::new, quick() ? 32 : 128);
    show(roofline.chart());
    show(roofline.table());
}

// %% [markdown]
// Decode lies on the slope: its ceiling is bytes per second, and no faster arithmetic will help. What helps is fewer bytes, so chapter 2.2 packs
// weights into 4 bits. Prefill lies near the flat roof: there the kernel's arithmetic counts. `percentOfRoof` is how much of the
// machine each of them uses. Chapter 4.6 places every single operation there.

// %% [markdown]
// ## Where real systems differ
//
// - **They never hand the past over.** Your arrays are copied into tensors for each step. llama.cpp and vLLM write a new row in place and let the
//   attention kernel read the cache where it lies; so does this library's `ContiguousKvCache`.
// - **MLX** (`mlx_lm.models.cache.KVCache`) grows in steps of 256 tokens and writes by slice: a buffer with nobody else holding it is
//   updated in place. `RotatingKVCache` keeps a window of the last tokens.
// - **vLLM** takes no arrays per text at all: fixed blocks of 16 tokens from one pool (*PagedAttention*, chapters 3.1 and 3.2).
// - **Second turns** are general there: SGLang's radix tree and vLLM's hashed blocks find the longest known beginning among all requests,
//   not only in one conversation (prefix cache, chapter 4.2). llama.cpp calls your rule `cache_prompt`.
// - **16 bits or fewer a number.** Float16 keys and values are the rule, 8 and 4 bits an option (chapter 4.1).

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Why are queries not cached?</summary>
// A query is used once, by its own token, in its own step. Later tokens look at old keys and values, never at old queries.
// </details>
//
// <details><summary>2. Qwen2.5-Coder-0.5B: 24 layers, 2 KV heads, D = 64. How long may a text be for 1 GB of float16 cache?</summary>
// 2 · 24 · 2 · 64 · 2 bytes = 12,288 bytes per token; 10⁹ / 12,288 = 81,380 tokens. With 14 KV heads instead of 2 it would be 11,625.
// </details>
//
// <details><summary>3. A prompt of 100 tokens, an answer of 50. How many tokens pass through the layers, with a cache and without?</summary>
// With: 100 + 49 = 149, since the last token is never read. Without: 100 + 101 + … + 149 = 6,225.
// </details>
//
// <details><summary>4. Your arrays double, from one row on. How many rows are copied for 1,000 tokens? And if they grew by one row?</summary>
// 1 + 2 + 4 + … + 512 = 1,023 rows, about one for each token. Growing by one: 1 + 2 + … + 999 = 499,500.
// </details>
//
// <details><summary>5. Somebody changes the third word of a conversation. What of the cache survives?</summary>
// The first two tokens. Every later token has seen the third, so its keys and values are different from layer 1 on (and in layer 0 its
// position may be).
// </details>
//
// <details><summary>6. Why must length() not move on when the first layer has its row?</summary>
// The other layers ask for the position of the same step. They would rotate queries and keys by a position that is too large.
// </details>
//
// <details><summary>7. With a cache the time per token is nearly constant. Where does the small growth come from?</summary>
// Attention reads all keys and values: after n tokens n rows in each layer. At long contexts that is more than the weights.
// </details>

// %% [markdown]
// ## Further
//
// - Pope et al., *Efficiently Scaling Transformer Inference* (2022): prefill, decode, and what the cache costs
// - Shazeer, *Fast Transformer Decoding: One Write-Head is All You Need* (2019): why the cache's bytes decide
// - Kwon et al., *Efficient Memory Management for Large Language Model Serving with PagedAttention* (2023)
// - Williams, Waterman, Patterson, *Roofline: An Insightful Visual Performance Model* (2009)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [4.6 Profiling](46-profiling.ipynb), where every operation gets its place under the roof. Your progress:

// %%
progress()
