// %% [markdown]
// # 2.4 Flash attention on a CPU
//
// Attention makes a table of L × S scores, and throws it away a moment later. **You will build** attention that never has that table: a softmax
// that takes its scores in pieces, tiled attention as loops, with the Vector API, and in C++ if you like. **You will see** how a mean over
// a real text comes to its end tile by tile, and memory that no longer grows with the square of the length. **You need** chapters 1.1, 1.3 and 2.2.
// **About 80 minutes** (an estimate).
//
// Run the next cell. The last token of a text asks all tokens before it, eight at a time; after each eight there is a mean of their values.

// %% tags=["thumbnail"]
var text = """
    The lighthouse stood on a rock three miles from the coast. Every evening the keeper climbed the narrow stairs, lit the lamp and
    wrote the time into a large book. In winter the sea was often so rough that no boat could reach him for weeks.""";
OnlineWalk.of(OnlineMean::new, model(), text, 8, 8).chart()

// %% [markdown]
// Some heads come close step by step; others stand far off until the keys pass that they look at, often the last ones. All end at
// 0 %: what a softmax over all scores at once would give, though no more than eight of them were ever there.

// %% [markdown]
// ## Predict
//
// **How many GB would all scores of one layer take, in float32, for a prompt of 32,768 tokens?** Your model has as many query heads as the
// picture of chapter 1.1.

// %%
predict("2.4 scores", 8, "GB")

// %% [markdown]
// ## The idea, small
//
// A query's result is the mean of the values $v_j$, weighted by the softmax of the scores $s_j$. Subtracting the largest score $m$ keeps
// the exponentials small (chapter 0.1), and it seems to need all scores first:
//
// $$o = \frac{\sum_j e^{s_j - m}\, v_j}{\sum_j e^{s_j - m}}, \qquad m = \max_j s_j$$
//
// It doesn't. Keep three things for the keys so far: $m$, the sum of exponentials $\ell$, and the weighted values $a$, one row of $D$
// numbers. A new tile of keys may bring a larger maximum $m'$. Then what was summed is too large by the same factor everywhere:
//
// $$\ell' = e^{m - m'}\,\ell + \sum_{j \in \text{tile}} e^{s_j - m'}, \qquad a' = e^{m - m'}\,a + \sum_{j \in \text{tile}} e^{s_j - m'}\, v_j, \qquad o = a / \ell$$

// %% [markdown]
// Three keys on a page, with values of one number each; the tile of two comes first. Both ends agree, whatever you change:

// %%
double m = 3, l = Math.exp(1 - m) + Math.exp(3 - m);                  // scores 1 and 3
double a = 10 * Math.exp(1 - m) + 20 * Math.exp(3 - m);               // their values 10 and 20
double larger = Math.max(m, 5), factor = Math.exp(m - larger);        // then score 5, value 30
show("after two keys " + a / l + ", after three " + (factor * a + 30 * Math.exp(5 - larger)) / (factor * l + Math.exp(5 - larger)));
float[] all = new RowSoftmax().softmax(new float[] {1, 3, 5});
"all at once " + (10 * all[0] + 20 * all[1] + 30 * all[2])

// %% [markdown]
// ## Exercise 1: the online softmax
//
// Write the running mean. `begin` gets the number of numbers in a value and forgets all that was; `add` gets a block of `n` scores and their values
// `[n, D]`, row after row in one array; `mean` gives $a / \ell$ so far. A score of minus infinity is a masked key, and a whole block may
// be masked; while nothing was seen, the mean is zeros. Keep no scores and no values: 200,000 keys may pass.

// %% exercise="2.4 online softmax"
class MyOnline implements OnlineMeanFn {
    float max, sum;
    float[] weighted;

    /** Begins anew, for values of dim numbers. */
    public void begin(int dim) {
        // BEGIN SOLUTION void: nothing seen yet
        max = Float.NEGATIVE_INFINITY;
        sum = 0;
        weighted = new float[dim];
        // END SOLUTION
    }

    /** scores [n], values [n, D]. */
    public void add(float[] scores, float[] values) {
        // BEGIN SOLUTION void: the new maximum; what was summed times the factor; then each key
        float larger = max;
        for (float score : scores) larger = Math.max(larger, score);
        if (larger == Float.NEGATIVE_INFINITY) return;
        float factor = (float) Math.exp(max - larger);
        max = larger;
        sum *= factor;
        for (int c = 0; c < weighted.length; c++) weighted[c] *= factor;
        for (int j = 0; j < scores.length; j++) {
            float weight = (float) Math.exp(scores[j] - max);
            sum += weight;
            for (int c = 0; c < weighted.length; c++) weighted[c] += weight * values[j * weighted.length + c];
        }
        // END SOLUTION
    }

    /** [D]. */
    public float[] mean() {
        // BEGIN SOLUTION the weighted values divided by the sum, zeros while there is none
        float[] mean = new float[weighted.length];
        for (int c = 0; c < mean.length; c++) mean[c] = sum == 0 ? 0 : weighted[c] / sum;
        return mean;
        // END SOLUTION
    }
}

// %% wrong="2.4 online softmax"
class MyOnline implements OnlineMeanFn {
    float max, sum;
    float[] weighted;

    public void begin(int dim) {
        max = Float.NEGATIVE_INFINITY;
        sum = 0;
        weighted = new float[dim];
    }

    public void add(float[] scores, float[] values) {
        for (float score : scores) max = Math.max(max, score);
        if (max == Float.NEGATIVE_INFINITY) return;
        for (int j = 0; j < scores.length; j++) {
            float weight = (float) Math.exp(scores[j] - max);
            sum += weight;
            for (int c = 0; c < weighted.length; c++) weighted[c] += weight * values[j * weighted.length + c];
        }
    }

    public float[] mean() {
        float[] mean = new float[weighted.length];
        for (int c = 0; c < mean.length; c++) mean[c] = sum == 0 ? 0 : weighted[c] / sum;
        return mean;
    }
}

// %%
check("2.4 online softmax", MyOnline::new)

// %%
// hint("2.4 online softmax");
// solution("2.4 online softmax");

// %% [markdown]
// The first picture again, from your code, in a layer and with a tile of your choice:

// %%
OnlineWalk.of(MyOnline::new, model(), text, 2, 4).chart()

// %% [markdown]
// ## Exercise 2: tiled attention
//
// Now whole attention over plain arrays: `q` `[H, L, D]`, `k` and `v` `[H_kv, S, D]`, row-major. An `AttentionShape` knows the sizes: `heads()`,
// `queries()`, `keys()`, `headDim()`, `scale()`, the KV head of a query head `kvHead(h)` (chapter 1.3), and how many keys a query may see, `seen(i)`: the causal
// mask is where a loop ends.

// %% [markdown]
// For each query let tiles of keys pass, as in exercise 1; at most `TILE` scores exist at a time. The weighted values can grow in the query's row of the
// result. Make the array of scores once, before the loops: the check counts what you take with `new`. Don't care about speed yet.

// %% exercise="2.4 tiled"
class MyTiled implements TiledAttentionFn {
    static final int TILE = 64;

    /** q [H, L, D], k and v [H_kv, S, D] -> [H, L, D]. */
    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        // BEGIN SOLUTION for each head and query: tile after tile its scores, the factor, the weighted values
        int d = shape.headDim(), rows = shape.heads() * shape.queries();
        float[] out = new float[rows * d], scores = new float[TILE];
        for (int row = 0; row < rows; row++) {
            int head = shape.kvHead(row / shape.queries()) * shape.keys(), seen = shape.seen(row % shape.queries());
            float max = Float.NEGATIVE_INFINITY, sum = 0;
            for (int first = 0; first < seen; first += TILE) {
                int n = Math.min(TILE, seen - first);
                float larger = max;
                for (int j = 0; j < n; j++) {
                    float dot = 0;
                    for (int c = 0; c < d; c++) dot += q[row * d + c] * k[(head + first + j) * d + c];
                    scores[j] = dot * shape.scale();
                    larger = Math.max(larger, scores[j]);
                }
                float factor = (float) Math.exp(max - larger);
                max = larger;
                sum *= factor;
                for (int c = 0; c < d; c++) out[row * d + c] *= factor;
                for (int j = 0; j < n; j++) {
                    float weight = (float) Math.exp(scores[j] - max);
                    sum += weight;
                    for (int c = 0; c < d; c++) out[row * d + c] += weight * v[(head + first + j) * d + c];
                }
            }
            for (int c = 0; c < d; c++) out[row * d + c] /= sum;
        }
        return out;
        // END SOLUTION
    }
}

// %% wrong="2.4 tiled"
class MyTiled implements TiledAttentionFn {
    static final int TILE = 64;

    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        int d = shape.headDim(), rows = shape.heads() * shape.queries();
        float[] out = new float[rows * d], scores = new float[TILE];
        for (int row = 0; row < rows; row++) {
            int head = shape.kvHead(row / shape.queries()) * shape.keys(), seen = shape.seen(row % shape.queries());
            float max = Float.NEGATIVE_INFINITY, sum = 0;
            for (int first = 0; first < seen; first += TILE) {
                int n = Math.min(TILE, seen - first);
                for (int j = 0; j < n; j++) {
                    float dot = 0;
                    for (int c = 0; c < d; c++) dot += q[row * d + c] * k[(head + first + j) * d + c];
                    scores[j] = dot * shape.scale();
                    max = Math.max(max, scores[j]);
                }
                for (int j = 0; j < n; j++) {
                    float weight = (float) Math.exp(scores[j] - max);
                    sum += weight;
                    for (int c = 0; c < d; c++) out[row * d + c] += weight * v[(head + first + j) * d + c];
                }
            }
            for (int c = 0; c < d; c++) out[row * d + c] /= sum;
        }
        return out;
    }
}

// %%
check("2.4 tiled", MyTiled::new)

// %%
// hint("2.4 tiled");
// solution("2.4 tiled");

// %% [markdown]
// ## See: memory against length
//
// One head, causal, beside its inputs and its result: chapter 1.1's array operations with their mask, scores and weights, against all that your
// class takes with `new`. Both axes count in powers of ten, so a power of L is a straight line.

// %%
{
    int[] lengths = quick() ? new int[] {128, 256, 512} : new int[] {256, 512, 1024, 2048};
    show(AttentionMemory.of(MyTiled::new, lengths).chart());
    show(AttentionMemory.allScores(model().config(), 32_768, "2.4 scores"));
}

// %% [markdown]
// Twice the length is four times the memory on one line and none on the other. Time is another matter: every query still meets every key that
// it may see, so it stays quadratic.

// %% [markdown]
// ## Exercise 3: in lanes
//
// The same with the Vector API of chapter 2.2. Three loops do nearly all the work: query · key along the D numbers of a head; the exponentials,
// along a tile's scores; weight · value, along D again. D is a multiple of 16 here, and so is `TILE`, so whole vectors fit everywhere, once
// the scores behind the last key are minus infinity.

// %% [markdown]
// You need `FloatVector.fromArray(FLOATS, array, offset)`, `intoArray(array, offset)`, `a.fma(b, c)` for a·b + c, `sub`, `mul`,
// `reduceLanes(VectorOperators.ADD)`, `FloatVector.broadcast(FLOATS, x)`, and for eight or sixteen exponentials at once:

// %%
import jdk.incubator.vector.*;
FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, -1).lanewise(VectorOperators.EXP)

// %% exercise="2.4 vector"
class MyVector implements TiledAttentionFn {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final int LANES = FLOATS.length(), TILE = 64;

    /** q [H, L, D], k and v [H_kv, S, D] -> [H, L, D]. */
    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        // BEGIN SOLUTION the loops of exercise 2, with vectors for scores, exponentials and values
        int d = shape.headDim();
        float[] out = new float[shape.heads() * shape.queries() * d], scores = new float[TILE];
        for (int row = 0, at = 0; at < out.length; row++, at += d) {
            int head = shape.kvHead(row / shape.queries()) * shape.keys(), seen = shape.seen(row % shape.queries());
            float max = Float.NEGATIVE_INFINITY, sum = 0;
            for (int first = 0; first < seen; first += TILE) {
                int n = Math.min(TILE, seen - first), tile = (head + first) * d;
                float before = max;
                for (int j = 0; j < n; j++) {
                    FloatVector dot = FloatVector.zero(FLOATS);
                    for (int c = 0; c < d; c += LANES) dot = floats(q, at + c).fma(floats(k, tile + j * d + c), dot);
                    max = Math.max(max, scores[j] = shape.scale() * dot.reduceLanes(VectorOperators.ADD));
                }
                Arrays.fill(scores, n, TILE, Float.NEGATIVE_INFINITY);
                FloatVector sums = FloatVector.zero(FLOATS);
                for (int j = 0; j < TILE; j += LANES) {
                    FloatVector weights = floats(scores, j).sub(max).lanewise(VectorOperators.EXP);
                    weights.intoArray(scores, j);
                    sums = sums.add(weights);
                }
                float factor = (float) Math.exp(before - max);
                sum = factor * sum + sums.reduceLanes(VectorOperators.ADD);
                for (int c = 0; c < d; c += LANES) {
                    FloatVector mean = floats(out, at + c).mul(factor);
                    for (int j = 0; j < n; j++) mean = floats(v, tile + j * d + c).fma(FloatVector.broadcast(FLOATS, scores[j]), mean);
                    mean.intoArray(out, at + c);
                }
            }
            for (int c = 0; c < d; c++) out[at + c] /= sum;
        }
        return out;
        // END SOLUTION
    }

    static FloatVector floats(float[] array, int offset) { return FloatVector.fromArray(FLOATS, array, offset); }
}

// %% wrong="2.4 vector"
class MyVector implements TiledAttentionFn {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final int LANES = FLOATS.length(), TILE = 64;

    public float[] attend(float[] q, float[] k, float[] v, AttentionShape shape) {
        int d = shape.headDim();
        float[] out = new float[shape.heads() * shape.queries() * d], scores = new float[TILE];
        for (int row = 0, at = 0; at < out.length; row++, at += d) {
            int head = shape.kvHead(row / shape.queries()) * shape.keys(), seen = shape.seen(row % shape.queries());
            float max = Float.NEGATIVE_INFINITY, sum = 0;
            for (int first = 0; first < seen; first += TILE) {
                int n = Math.min(TILE, seen - first), tile = (head + first) * d;
                float before = max;
                for (int j = 0; j < n; j++) {
                    float dot = 0;
                    for (int c = 0; c < d; c++) dot += q[at + c] * k[tile + j * d + c];
                    max = Math.max(max, scores[j] = dot * shape.scale());
                }
                float factor = (float) Math.exp(before - max);
                sum *= factor;
                for (int j = 0; j < n; j++) {
                    float weight = (float) Math.exp(scores[j] - max);
                    sum += weight;
                    for (int c = 0; c < d; c++) out[at + c] += weight * v[tile + j * d + c];
                }
            }
            for (int c = 0; c < d; c++) out[at + c] /= sum;
        }
        return out;
    }
}

// %%
check("2.4 vector", MyVector::new)

// %%
// hint("2.4 vector");
// solution("2.4 vector");

// %% [markdown]
// ## Plug it in
//
// Your attention in every layer of the real model, for the prompt and for each new token, over the keys and values of a cache.
// KV heads are shared out over the cores.

// %%
chat(new Generator(model().with(() -> new ArrayAttention(MyVector::new))).cached(), SamplingParams.GREEDY,
    "Name three colours.", quick() ? 6 : 20)

// %% [markdown]
// ## Exercise 4, optional: in C++
//
// The same once more, causal always. A compiler makes vectors of loops by itself, if their order of adding stays as it is written. One sum over a
// head's numbers is an order that vectors can't keep; sixteen sums side by side are. `dim` is a multiple of 16.

// %% exercise="2.4 C++"
class MyCpp implements KernelText {
    public String text() {
        return """
            // q, out [heads, queries, dim]; k, v [kv_heads, keys, dim]; scale[0]; the queries are the last positions
            void attention(const float* q, const float* k, const float* v, const float* scale, float* out,
                           int heads, int kv_heads, int queries, int keys, int dim) {
              // BEGIN SOLUTION void: for each query tile after tile, and sixteen sums for each dot product
              float scores[64];
              for (int row = 0; row < heads * queries; ++row) {
                int seen = row % queries + keys - queries + 1;
                long at = long(row / queries / (heads / kv_heads)) * keys * dim;
                float* mean = out + long(row) * dim;
                std::fill(mean, mean + dim, 0.0f);
                float max = -INFINITY, sum = 0;
                for (int first = 0; first < seen; first += 64) {
                  int n = std::min(64, seen - first);
                  float before = max;
                  for (int j = 0; j < n; ++j) {
                    const float *query = q + long(row) * dim, *key = k + at + long(first + j) * dim;
                    float parts[16] = {}, dot = 0;
                    for (int c = 0; c < dim; c += 16)
                      for (int i = 0; i < 16; ++i) parts[i] += query[c + i] * key[c + i];
                    for (float part : parts) dot += part;
                    max = std::max(max, scores[j] = dot * scale[0]);
                  }
                  float factor = std::exp(before - max);
                  sum *= factor;
                  for (int c = 0; c < dim; ++c) mean[c] *= factor;
                  for (int j = 0; j < n; ++j) {
                    float weight = std::exp(scores[j] - max);
                    const float* value = v + at + long(first + j) * dim;
                    sum += weight;
                    for (int c = 0; c < dim; ++c) mean[c] += weight * value[c];
                  }
                }
                for (int c = 0; c < dim; ++c) mean[c] /= sum;
              }
              // END SOLUTION
            }
            """;
    }
}

// %% wrong="2.4 C++"
class MyCpp implements KernelText {
    public String text() {
        return """
            void attention(const float* q, const float* k, const float* v, const float* scale, float* out,
                           int heads, int kv_heads, int queries, int keys, int dim) {
              std::vector<float> scores(keys);
              for (int row = 0; row < heads * queries; ++row) {
                long at = long(row / queries / (heads / kv_heads)) * keys * dim;
                float max = -INFINITY, sum = 0;
                for (int j = 0; j < keys; ++j) {
                  float dot = 0;
                  for (int c = 0; c < dim; ++c) dot += q[row * dim + c] * k[at + j * dim + c];
                  scores[j] = dot * scale[0];
                  max = std::max(max, scores[j]);
                }
                for (int j = 0; j < keys; ++j) sum += scores[j] = std::exp(scores[j] - max);
                for (int c = 0; c < dim; ++c) {
                  float mean = 0;
                  for (int j = 0; j < keys; ++j) mean += scores[j] * v[at + j * dim + c];
                  out[row * dim + c] = mean / sum;
                }
              }
            }
            """;
    }
}

// %%
check("2.4 C++", MyCpp::new)

// %%
// hint("2.4 C++");
// solution("2.4 C++");

// %% [markdown]
// ## Measure
//
// A prompt's attention in one layer, with the heads of Qwen2.5-Coder 0.5B. The ceiling is what this machine's matrix product reaches: attention is two of them with a
// softmax between. Array operations compute the masked half as well, which does not count as work here.

// %%
{
    int[] lengths = quick() ? new int[] {64, 128} : new int[] {128, 256, 512, 1024};
    var speed = AttentionSpeed.of(lengths).with("loop", MyTiled::new).with("Vector API", MyVector::new)
        .withCpp("C++", MyCpp::new).withLibraries();
    show(speed.table());
    show(speed.chart());
}

// %% [markdown]
// Yours run on one core, the others on all compute threads. The loop is slow for one reason that the C++ text shows: one sum, whose next addition waits for the
// one before. Vectors remove that, and still load every key from the cache for every query; a matrix product loads it once for many.

// %% [markdown]
// ## The challenge
//
// Naive, yours, ours and MLX's in turns on the same prompt. Ideas: let four queries meet a key while it is in the registers; let the heads of one group share
// their keys; transpose a tile of keys once, so that lanes run across keys and no lanes have to be added up.

// %%
challenge("2.4 attention", MyTiled::new, MyVector::new, MyCpp::new)

// %% [markdown]
// ## Where real systems differ
//
// - **FlashAttention** (Dao), the kernel that **vLLM** and **SGLang** call, keeps a tile of queries and of keys in a GPU's threadgroup memory. There the saved table saves *time*:
//   scores no longer travel to memory and back. Its second version moves the division to the end, as you did, and shares out rows of queries over threadgroups.
// - **FlashInfer** and flash decoding cut the keys of one query into spans for many threadgroups and merge the partial results (m, ℓ, a): chapter 2.5a.
// - **llama.cpp** has it for CPUs, too (`-fa`, `ggml_compute_forward_flash_attn_ext`): one key at a time, with an online softmax as in exercise 1.
// - **MLX**'s `mx.fast.scaled_dot_product_attention` is a fused kernel on Apple's GPUs; on a CPU it falls back to array operations with all scores.
// - **This lab's kernel** (`native/src/main/cpp/tinyllm/attention.cpp`) walks blocks of 64 keys from position 0 on and merges spans of 512 in a fixed order, so that a token gets
//   the same bits however its prompt was cut.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. 28 query heads, a prompt of 16,384 tokens, scores in float16. How many GB in one layer, and with tiles of 64 × 64 for each of 132 GPU cores?</summary>
// 28 · 16,384² · 2 = 15 GB. Tiles: 132 · 64 · 64 · 2 = 1.1 MB.
// </details>
//
// <details><summary>2. m = 2, ℓ = 4, a = [8]. A tile of one key comes with score 2 + ln 2 and value 5. What is the mean then?</summary>
// m' = 2 + ln 2, the factor e^(m − m') is 1/2: ℓ' = 2 + 1 = 3, a' = 4 + 5 = 9. The mean is 3; before it was 2.
// </details>
//
// <details><summary>3. Why is exp(m − m') never larger than 1, and why does that matter?</summary>
// m' is the maximum of m and the tile's scores, so m − m' is 0 or below. A factor above 1 could overflow; this one can only let old parts fade, as they should.
// </details>
//
// <details><summary>4. Does tiling make attention compute less?</summary>
// No. It adds a few multiplications by the factor. It saves memory, and the way of the scores there and back; under a causal mask whole tiles can be left out, which
// halves the work against computing all and masking.
// </details>
//
// <details><summary>5. May the tiles come in any order? On two machines at once?</summary>
// Yes: the final m, ℓ and a are a maximum and two sums. Two partial results merge like two tiles: the larger m, and each ℓ and a times its factor. In floating
// point the last bits depend on the order, so a kernel that promises equal bits fixes it.
// </details>
//
// <details><summary>6. Decoding one token over 8,192 keys: what does flash attention save there?</summary>
// Hardly any memory: one query has 8,192 scores a head, 32 kB. What counts is to read keys and values once, at the memory's speed, and with all cores: chapter 2.5a.
// </details>
//
// <details><summary>7. In which heads is the factor mostly 1, and in which does it matter until the last tile?</summary>
// A head that looks at the first token has its largest score in the first tile: from then on the factor is 1. A head that looks at near tokens meets larger
// and larger scores, and nearly everything before fades at the last tile.
// </details>

// %% [markdown]
// ## Further
//
// - Milakov and Gimelshein, *Online normalizer calculation for softmax* (2018)
// - Rabe and Staats, *Self-attention Does Not Need O(n²) Memory* (2021)
// - Dao et al., *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness* (2022), and *FlashAttention-2* (2023)
// - Dao et al., *Flash-Decoding for long-context inference* (2023)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: 2.5a Flash decode on a GPU, where one query's keys are shared out over a thousand threads. Your progress so far:

// %%
progress()
