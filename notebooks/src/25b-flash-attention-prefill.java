// %% [markdown]
// # 2.5b Tiled prefill attention, as a Metal kernel
//
// A prompt has many queries, and they want the same keys. **You will build** a Metal kernel in which 64 queries share each tile of keys, and
// one that never loads a tile which nobody may see. **You will see** the tiles that are visited under the causal mask, and time and memory against length.
// **You need** chapter 2.5a; no Mac, no GPU. **About 70 minutes** (an estimate).
//
// Run the next cell: the tiles that each threadgroup loads, watched on the host.

// %% tags=["thumbnail"]
TileVisits.of(KernelSources.library("2.5b causal"), quick() ? 4 : 8)

// %% [markdown]
// A row is a threadgroup of 64 queries, a column a tile of 32 keys, and the colour is the turn. What is grey is not masked: it is never read.

// %% [markdown]
// ## Predict
//
// The scores of a prompt of 2,048 tokens, for all heads of one layer: **how many MB would they take in float32?** The kernel that you write
// never has them in memory; the library's attention of chapter 1.3 does.

// %%
predict("2.5b scores", 50, "MB")

// %% [markdown]
// ## The idea, small
//
// In 2.5a a key was loaded for one query and thrown away. With $L$ queries that makes $L$ loads of each key. Here a threadgroup of 64 threads owns 64 queries,
// one a thread, and brings keys and values in **tiles** of 32 into threadgroup memory. Each tile is loaded once and used 64 times.
//
// | what | where | how much |
// |---|---|---|
// | query, largest, sum, values of a thread | registers | $64 + 2 + 64$ numbers |
// | one tile of keys, one of values | threadgroup memory, shared | $2 \cdot 32 \cdot 64 \cdot 4$ bytes = 16 KiB, whatever the length |
// | scores | nowhere | one at a time, in a register |

// %% [markdown]
// Loads from device memory for 512 queries and 512 keys of one head, in numbers. Change the tile's queries:

// %%
int queriesOfTile = 64;
long alone = 512L * 512 * 64 * 2, shared = 512 / queriesOfTile * 512L * 64 * 2;
alone + " numbers when every query loads for itself, " + shared + " when " + queriesOfTile + " share: " + alone / shared + " times fewer"

// %% [markdown]
// ## Exercise 1: a tile for 64 queries
//
// No mask yet: every query sees every key. Shapes: `q` `[H_q, L, 64]`, `k` and `v` `[H_kv, S, 64]`, `out` as q. For each tile the 64 threads
// load 32 · 64 numbers of each array together, wait for each other, and then each walks over the tile's keys for its own query, with the online softmax of
// 2.5a. There is no `simd_sum` here: a thread computes a whole score alone.

// %% [markdown]
// Two traps. The loop needs **two** barriers: nobody may read before all have written, and nobody may overwrite before all have read. And where the
// last tile sticks out beyond the keys, a zero key would have score 0, not −∞.

// %% exercise="2.5b tiles"
class MyTiles implements KernelText {
    public String text() {
        return """
            threadgroup float k_tile[32 * 64], v_tile[32 * 64];
            uint t = thread_index_in_threadgroup, head = threadgroup_position_in_grid.y;
            uint heads = uint(q_shape[0]), length = uint(q_shape[1]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            uint first = threadgroup_position_in_grid.x * 64, query = first + t;
            float mine[64], values[64], largest = -INFINITY, sum = 0;
            for (uint d = 0; d < 64; ++d) {
              mine[d] = query < length ? q[(head * length + query) * 64 + d] * scale : 0.0f;
              values[d] = 0;
            }
            // BEGIN SOLUTION void: for each tile of 32 keys: load together, walk alone
            for (uint k0 = 0; k0 < keys; k0 += 32) {
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = t; i < 32 * 64; i += 64) {
                bool there = k0 + i / 64 < keys;
                k_tile[i] = there ? k[start + k0 * 64 + i] : 0.0f;
                v_tile[i] = there ? v[start + k0 * 64 + i] : 0.0f;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint j = 0; j < min(32u, keys - k0); ++j) {
                float score = 0;
                for (uint d = 0; d < 64; ++d) score += mine[d] * k_tile[j * 64 + d];
                float most = max(largest, score), keep = exp(largest - most), weight = exp(score - most);
                largest = most;
                sum = sum * keep + weight;
                for (uint d = 0; d < 64; ++d) values[d] = values[d] * keep + weight * v_tile[j * 64 + d];
              }
            }
            // END SOLUTION
            if (query < length) {
              for (uint d = 0; d < 64; ++d) out[(head * length + query) * 64 + d] = values[d] / sum;
            }
            """;
    }
}

// %% wrong="2.5b tiles"
class MyTiles implements KernelText {
    public String text() {
        return """
            threadgroup float k_tile[32 * 64], v_tile[32 * 64];
            uint t = thread_index_in_threadgroup, head = threadgroup_position_in_grid.y;
            uint heads = uint(q_shape[0]), length = uint(q_shape[1]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            uint first = threadgroup_position_in_grid.x * 64, query = first + t;
            float mine[64], values[64], largest = -INFINITY, sum = 0;
            for (uint d = 0; d < 64; ++d) {
              mine[d] = query < length ? q[(head * length + query) * 64 + d] * scale : 0.0f;
              values[d] = 0;
            }
            for (uint k0 = 0; k0 < keys; k0 += 32) {
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = t; i < 32 * 64; i += 64) {
                bool there = k0 + i / 64 < keys;
                k_tile[i] = there ? k[start + k0 * 64 + i] : 0.0f;
                v_tile[i] = there ? v[start + k0 * 64 + i] : 0.0f;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint j = 0; j < 32; ++j) {
                float score = 0;
                for (uint d = 0; d < 64; ++d) score += mine[d] * k_tile[j * 64 + d];
                float most = max(largest, score), keep = exp(largest - most), weight = exp(score - most);
                largest = most;
                sum = sum * keep + weight;
                for (uint d = 0; d < 64; ++d) values[d] = values[d] * keep + weight * v_tile[j * 64 + d];
              }
            }
            if (query < length) {
              for (uint d = 0; d < 64; ++d) out[(head * length + query) * 64 + d] = values[d] / sum;
            }
            """;
    }
}

// %%
check("2.5b tiles", MyTiles::new)

// %%
// hint("2.5b tiles");
// solution("2.5b tiles");

// %% [markdown]
// ## Exercise 2: the causal mask skips tiles
//
// The queries are the last $L$ of $S$ positions: query $i$ stands at position $S - L + i$ and sees the keys up to there. A mask could be applied to
// scores; it is cheaper not to compute them, and cheapest not to load the tile. Copy your kernel and change two bounds: where the loop over tiles ends, for
// all 64 threads alike, and where a thread stops within a tile.

// %% exercise="2.5b causal"
class MyCausal implements KernelText {
    public String text() {
        return """
            threadgroup float k_tile[32 * 64], v_tile[32 * 64];
            uint t = thread_index_in_threadgroup, head = threadgroup_position_in_grid.y;
            uint heads = uint(q_shape[0]), length = uint(q_shape[1]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            uint first = threadgroup_position_in_grid.x * 64, query = first + t;
            float mine[64], values[64], largest = -INFINITY, sum = 0;
            for (uint d = 0; d < 64; ++d) {
              mine[d] = query < length ? q[(head * length + query) * 64 + d] * scale : 0.0f;
              values[d] = 0;
            }
            // BEGIN SOLUTION void: the tiles up to the last query of the 64, and in a tile the keys up to one's own position
            uint past = keys - length, stop = min(keys, past + first + 64);
            for (uint k0 = 0; k0 < stop; k0 += 32) {
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = t; i < 32 * 64; i += 64) {
                bool there = k0 + i / 64 < keys;
                k_tile[i] = there ? k[start + k0 * 64 + i] : 0.0f;
                v_tile[i] = there ? v[start + k0 * 64 + i] : 0.0f;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint j = 0; j < 32 && k0 + j <= past + query && k0 + j < keys; ++j) {
                float score = 0;
                for (uint d = 0; d < 64; ++d) score += mine[d] * k_tile[j * 64 + d];
                float most = max(largest, score), keep = exp(largest - most), weight = exp(score - most);
                largest = most;
                sum = sum * keep + weight;
                for (uint d = 0; d < 64; ++d) values[d] = values[d] * keep + weight * v_tile[j * 64 + d];
              }
            }
            // END SOLUTION
            if (query < length) {
              for (uint d = 0; d < 64; ++d) out[(head * length + query) * 64 + d] = values[d] / sum;
            }
            """;
    }
}

// %% wrong="2.5b causal"
class MyCausal implements KernelText {
    public String text() {
        return new MyTiles().text().replace("j < min(32u, keys - k0)", "j < 32 && k0 + j < keys - length + query && k0 + j < keys");
    }
}

// %%
check("2.5b causal", MyCausal::new)

// %%
// hint("2.5b causal");
// solution("2.5b causal");

// %% [markdown]
// ## Plug it in
//
// The prompt goes through your kernel in every layer of the real model, all heads at once; on a machine without a GPU on the host, with every detector on.

// %%
String causal() { return KernelSources.of("2.5b causal", MyCausal::new); } // your text as it is now
NextToken.after(model().with(() -> new MetalPrefill(causal())), "The capital of France is")
    .under("What comes next, by your kernel", Sampler.library(), Map.of("probability", new SamplingParams(1, 0, 1, 0, 1, 1)))

// %% [markdown]
// ## See: the tiles that are visited
//
// Yours, without the mask and with it. Half of the square is above the diagonal, so for long prompts half of the work is left out. The tiles **on** the
// diagonal are loaded whole and used in part: larger tiles waste more there.

// %%
TileVisits.of(KernelSources.of("2.5b tiles", MyTiles::new), quick() ? 2 : 6)

// %%
TileVisits.of(causal(), quick() ? 2 : 6)

// %% [markdown]
// ## Measure: memory and time against length
//
// One layer's attention over a prompt: array operations, which make the matrix of scores, against a tiled kernel; on a GPU also yours. The dashed line is
// your guess. Both axes count in powers: a straight line of slope 2 grows with the square of the length.

// %%
{
    var cost = PrefillCost.of(causal(), model().config(), quick() ? new int[] {128, 256, 512} : new int[] {256, 512, 1024, 2048});
    show(cost.memory("2.5b scores"));
    show(cost.time());
}

// %% [markdown]
// Memory falls from the square of the length to nearly nothing. Time does not: every query still meets every key, $4 H L^2 D / 2$ operations under the mask. Tiling takes away the traffic,
// not the arithmetic.

// %% [markdown]
// ## The challenge
//
// Naive loads each key for each query by itself. Without a GPU the transactions decide. Ideas: a threadgroup can serve several query heads of one KV head; more
// queries for each tile; `metal/attention_prefill.metal` lets SIMD-group matrices of 8 × 8 do both products.

// %%
challenge("2.5b prefill", MyCausal::new)

// %% [markdown]
// ## Where real systems differ
//
// - **Matrix units.** One thread a query leaves them idle. *FlashAttention-2* and MLX's `steel_attention` keep the tile of queries in matrix fragments: scores are a product of
//   8 × 8 (Apple) or 16 × 8 (NVIDIA) blocks, as in this lab's `attention_prefill`.
// - **FlashAttention-3** on Hopper overlaps loading, products and exponentials of different tiles, by groups that each do one job, and asynchronous copies.
// - **llama.cpp**: `kernel_flash_attn_ext` on Metal, with a pass that finds masked blocks first. **vLLM** and **SGLang** mix prefill and decode rows of many requests in one launch (FlashInfer's
//   ragged and paged forms).
// - **Sliding windows** move the other bound: the loop over tiles begins later, too.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. 14 heads, 2,048 tokens, float32. How large are the scores of one layer?</summary>
// 14 · 2,048² · 4 bytes = 235 MB. With the mask added and the softmax beside it there may be two or three such arrays at once.
// </details>
//
// <details><summary>2. A tile of 32 keys is used by 64 queries. How many operations is that for each byte loaded, in float32?</summary>
// A key and its value are 2 · 64 · 4 = 512 bytes, and take 64 · (2 · 64 + 2 · 64) = 16,384 operations: 32 a byte. One query alone makes half an operation a byte.
// </details>
//
// <details><summary>3. Why do all 64 threads have to run the loop over tiles equally often?</summary>
// Because of the barriers in it: a thread that left early would never reach the next one.
// </details>
//
// <details><summary>4. L = S = 512, tiles of 64 queries and 32 keys. How many of the 128 tiles are visited?</summary>
// Row r visits 2 (r + 1) of 16: 2 + 4 + … + 16 = 72.
// </details>
//
// <details><summary>5. Threadgroup memory is 32 KiB. How many keys can a tile have with heads of 128, float32, keys and values side by side?</summary>
// 32,768 / (2 · 128 · 4) = 32. Loading values after the keys are done, into the same place, doubles it; float16 doubles it again.
// </details>
//
// <details><summary>6. A mask is added to scores that were computed. What would −1e9 instead of −∞ change here?</summary>
// For most rows nothing, exp gives 0. In a row in which everything is masked it gives equal weights instead of NaN: a wrong answer that looks right.
// </details>

// %% [markdown]
// ## Further
//
// - Dao, Fu, Ermon, Rudra, Ré, *FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness* (2022)
// - Dao, *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning* (2023)
// - Shah et al., *FlashAttention-3: Fast and Accurate Attention with Asynchrony and Low-precision* (2024)
// - Rabe and Staats, *Self-attention Does Not Need O(n²) Memory* (2021)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: 2.6, continuous batching, where many requests share these kernels. Your progress so far:

// %%
progress()
