// %% [markdown]
// # 3.2 Attention straight from pages
//
// Keys lie in pages all over the memory; attention wants them in order. **You will build** the copy that brings them into one piece, and then the Metal
// kernel that needs none: it looks up each page as it walks. **You will see** which page is read by whom, and what the copy costs in bytes and in time.
// **You need** chapters 2.5a and 3.1; no Mac, no GPU. **About 70 minutes** (an estimate).
//
// Run the next cell: a text's 44 keys in six of nine pages of 8, shared by eight SIMD groups and watched on the host. Grey is read by nobody.

// %% tags=["thumbnail"]
PageReaders.of(KernelSources.library("3.2 decode"), 44)

// %% [markdown]
// ## Predict
//
// A text of 512 tokens; a token has keys and values of 2 KV heads with 64 components, in float32. Before each new token its pages are copied into one
// piece. **How many MB does the copy read and write, for one layer?** Yours may have another number of KV heads: `model().config().numKeyValueHeads()`.

// %%
predict("3.2 copy", 0.5, "MB")

// %% [markdown]
// ## The idea, small
//
// Chapter 3.1 had rows of all heads side by side. A kernel walks over the keys of one head, so in a page they lie head by head:
// `[P, H_kv, T, 64]`. Key $t$ of KV head $h$ begins at
//
// $$\big((\text{table}[\lfloor t/T \rfloor] \cdot H_{kv} + h) \cdot T + t \bmod T\big) \cdot 64$$
//
// Three pages of 2 tokens, 2 heads; of each key only one number is shown, $10\,h + t$:

// %%
int T = 2, heads = 2;
int[] table = {2, 0};                       // page 1 is another text's
int[] memory = new int[3 * heads * T];      // [P, H_kv, T]
Arrays.fill(memory, -1);
for (int h = 0; h < heads; h++) {
    for (int t = 0; t < 4; t++) {
        memory[(table[t / T] * heads + h) * T + t % T] = 10 * h + t;
    }
}
Arrays.toString(memory)

// %% [markdown]
// The walk of chapter 2.5a only needs this address; the online softmax does not care where a key comes from. A table of 32-bit numbers for each page of 16
// tokens is less than a thousandth of what the keys and values are.

// %% [markdown]
// ## Exercise 1: the copy
//
// First the way that needs no new attention: bring a text's pages into one piece. A thread copies one number, component `d` of token `token` in KV
// head `head`; they stand there already. `size` is T, the tokens of a page; it differs from launch to launch.
//
// | name | shape | what it is |
// |---|---|---|
// | `pages` | `[P, H_kv, T, 64]` | all keys, or all values, of all texts |
// | `table` | `[W]` | the text's pages in order; what stands behind the last one says nothing |
// | `tokens` | one number | S, how many the text has |
// | `out` | `[H_kv, S, 64]` | the copy |

// %% exercise="3.2 gather"
class MyGather implements KernelText {
    public String text() {
        return """
            uint d = thread_position_in_grid.x, token = thread_position_in_grid.y, head = thread_position_in_grid.z;
            uint kv_heads = uint(pages_shape[1]), size = uint(pages_shape[2]), count = uint(tokens);
            // BEGIN SOLUTION void: look up the page, and copy one number
            uint page = uint(table[token / size]);
            out[(head * count + token) * 64 + d] = pages[((page * kv_heads + head) * size + token % size) * 64 + d];
            // END SOLUTION
            """;
    }
}

// %% wrong="3.2 gather"
class MyGather implements KernelText {
    public String text() {
        return """
            uint d = thread_position_in_grid.x, token = thread_position_in_grid.y, head = thread_position_in_grid.z;
            uint kv_heads = uint(pages_shape[1]), size = uint(pages_shape[2]), count = uint(tokens);
            uint page = token / size;
            out[(head * count + token) * 64 + d] = pages[((page * kv_heads + head) * size + token % size) * 64 + d];
            """;
    }
}

// %%
check("3.2 gather", MyGather::new)

// %%
// hint("3.2 gather");
// solution("3.2 gather");

// %% [markdown]
// ## Exercise 2: a walk through the table
//
// Now without a copy. A step has R rows, the new token of one text each; a SIMD group walks for each row and query head. It is chapter 2.5a's walk with
// another address.
//
// | name | shape | what it is |
// |---|---|---|
// | `q` | `[R, H_q, 64]` | a query for each row and head |
// | `k`, `v` | `[P, H_kv, T, 64]` | the pages of all texts |
// | `tables` | `[R, W]` | a row's pages in order, `width` = W |
// | `lengths` | `[R]` | its keys; 0 for a row that is idle, whose result is 0 |
// | `out` | `[R, H_q, 64]` | |

// %% exercise="3.2 walk"
class MyWalk implements KernelText {
    public String text() {
        return """
            uint head = threadgroup_position_in_grid.y, row = threadgroup_position_in_grid.z;
            uint lane = thread_index_in_simdgroup;
            uint heads = uint(q_shape[1]), kv_heads = uint(k_shape[1]), width = uint(tables_shape[1]);
            uint kv_head = head / (heads / kv_heads), keys = uint(lengths[row]), size = uint(k_shape[2]);
            uint mine = (row * heads + head) * 64 + lane; // this thread's component of the query, and of the result
            float q0 = q[mine] * scale, q1 = q[mine + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            // BEGIN SOLUTION void: for each key look up its page, then score and online softmax as in 2.5a
            for (uint key = 0; key < keys; ++key) {
              uint page = uint(tables[row * width + key / size]);
              uint at = ((page * kv_heads + kv_head) * size + key % size) * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            // END SOLUTION
            out[mine] = sum > 0 ? v0 / sum : 0.0f;
            out[mine + 32] = sum > 0 ? v1 / sum : 0.0f;
            """;
    }
}

// %% wrong="3.2 walk"
class MyWalk implements KernelText {
    public String text() {
        return """
            uint head = threadgroup_position_in_grid.y, row = threadgroup_position_in_grid.z;
            uint lane = thread_index_in_simdgroup;
            uint heads = uint(q_shape[1]), kv_heads = uint(k_shape[1]), width = uint(tables_shape[1]);
            uint kv_head = head / (heads / kv_heads), keys = uint(lengths[row]), size = uint(k_shape[2]);
            uint mine = (row * heads + head) * 64 + lane;
            float q0 = q[mine] * scale, q1 = q[mine + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = 0; key < keys; ++key) {
              uint page = uint(tables[key / size]);
              uint at = ((page * kv_heads + kv_head) * size + key % size) * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            out[mine] = sum > 0 ? v0 / sum : 0.0f;
            out[mine + 32] = sum > 0 ? v1 / sum : 0.0f;
            """;
    }
}

// %%
check("3.2 walk", MyWalk::new)

// %%
// hint("3.2 walk");
// solution("3.2 walk");

// %% [markdown]
// ## Exercise 3: eight groups share the pages
//
// The table was asked for every key, and a division and a remainder came with it. Let a SIMD group take **whole pages**: group g the pages g, g + 8,
// g + 16 …, so that one look-up serves a page's keys, which lie side by side. Of the last page only `keys - p * size` keys count. The merge of
// chapter 2.5a stands below, and takes groups that found no page.

// %% exercise="3.2 decode"
class MyPaged implements KernelText {
    public String text() {
        return """
            threadgroup float largests[8], sums[8], values[8 * 64];
            uint head = threadgroup_position_in_grid.y, row = threadgroup_position_in_grid.z;
            uint lane = thread_index_in_simdgroup, group = simdgroup_index_in_threadgroup;
            uint heads = uint(q_shape[1]), kv_heads = uint(k_shape[1]), width = uint(tables_shape[1]);
            uint kv_head = head / (heads / kv_heads), keys = uint(lengths[row]), size = uint(k_shape[2]);
            uint mine = (row * heads + head) * 64 + lane;
            float q0 = q[mine] * scale, q1 = q[mine + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            // BEGIN SOLUTION void: over every eighth page, and within it over its keys
            for (uint p = group; p * size < keys; p += 8) {
              uint page = uint(tables[row * width + p]);
              uint start = (page * kv_heads + kv_head) * size * 64 + lane;
              uint count = min(size, keys - p * size);
              for (uint i = 0; i < count; ++i) {
                uint at = start + i * 64;
                float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
                float most = max(largest, score);
                float keep = exp(largest - most), weight = exp(score - most);
                largest = most, sum = sum * keep + weight;
                v0 = v0 * keep + weight * v[at], v1 = v1 * keep + weight * v[at + 32];
              }
            }
            // END SOLUTION
            if (lane == 0) largests[group] = largest, sums[group] = sum;
            values[group * 64 + lane] = v0, values[group * 64 + lane + 32] = v1;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (group == 0) {
              for (uint g = 0; g < 8; ++g) largest = max(largest, largests[g]);
              sum = 0, v0 = 0, v1 = 0;
              for (uint g = 0; g < 8; ++g) {
                float factor = sums[g] > 0 ? exp(largests[g] - largest) : 0.0f;
                sum += factor * sums[g];
                v0 += factor * values[g * 64 + lane], v1 += factor * values[g * 64 + lane + 32];
              }
              out[mine] = sum > 0 ? v0 / sum : 0.0f;
              out[mine + 32] = sum > 0 ? v1 / sum : 0.0f;
            }
            """;
    }
}

// %% wrong="3.2 decode"
class MyPaged implements KernelText {
    public String text() {
        return """
            threadgroup float largests[8], sums[8], values[8 * 64];
            uint head = threadgroup_position_in_grid.y, row = threadgroup_position_in_grid.z;
            uint lane = thread_index_in_simdgroup, group = simdgroup_index_in_threadgroup;
            uint heads = uint(q_shape[1]), kv_heads = uint(k_shape[1]), width = uint(tables_shape[1]);
            uint kv_head = head / (heads / kv_heads), keys = uint(lengths[row]), size = uint(k_shape[2]);
            uint mine = (row * heads + head) * 64 + lane;
            float q0 = q[mine] * scale, q1 = q[mine + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint p = group; p * size < keys; p += 8) {
              uint page = uint(tables[row * width + p]);
              uint start = (page * kv_heads + kv_head) * size * 64 + lane;
              for (uint i = 0; i < size; ++i) {
                uint at = start + i * 64;
                float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
                float most = max(largest, score);
                float keep = exp(largest - most), weight = exp(score - most);
                largest = most, sum = sum * keep + weight;
                v0 = v0 * keep + weight * v[at], v1 = v1 * keep + weight * v[at + 32];
              }
            }
            if (lane == 0) largests[group] = largest, sums[group] = sum;
            values[group * 64 + lane] = v0, values[group * 64 + lane + 32] = v1;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (group == 0) {
              for (uint g = 0; g < 8; ++g) largest = max(largest, largests[g]);
              sum = 0, v0 = 0, v1 = 0;
              for (uint g = 0; g < 8; ++g) {
                float factor = sums[g] > 0 ? exp(largests[g] - largest) : 0.0f;
                sum += factor * sums[g];
                v0 += factor * values[g * 64 + lane], v1 += factor * values[g * 64 + lane + 32];
              }
              out[mine] = sum > 0 ? v0 / sum : 0.0f;
              out[mine + 32] = sum > 0 ? v1 / sum : 0.0f;
            }
            """;
    }
}

// %%
check("3.2 decode", MyPaged::new)

// %%
// hint("3.2 decode");
// solution("3.2 decode");

// %% [markdown]
// ## Plug it in
//
// The real model with its cache in pages: every new token runs through your kernel, once for each layer, straight over the pages. Without a GPU it runs on
// the host, thread by thread with every detector on, which is why it takes so long.

// %%
String paged() { return KernelSources.of("3.2 decode", MyPaged::new); } // your text as it is now
String question = "A page holds sixteen tokens, and this text has more than one of them. The capital of France is";
MetalPages.write(model(), paged(), question, quick() ? 2 : 4)

// %% [markdown]
// ## See: who reads which page
//
// Yours, watched. In brackets stands a page's place in the table; the colour is the group, counted from 1. Try 80 keys: the first groups read two pages
// each.

// %%
int keysShown = 44;
PageReaders.of(paged(), keysShown)

// %% [markdown]
// ## See: what the copy costs
//
// Bytes that device memory moves for one new token in one layer, counted on the host with your two kernels. The copy comes on top of the walk, and
// it comes again with every token. Your guess is the dashed line.

// %%
int[] lengths = quick() ? new int[] {16, 32, 64} : new int[] {64, 128, 256, 512};
{
    var cost = GatherCost.of(model().config(), KernelSources.of("3.2 gather", MyGather::new), paged(), lengths);
    show(cost.chart("3.2 copy"));
    show(cost.table());
}

// %% [markdown]
// The copy moves more than twice what keys and values are: every SIMD group also asks for its entry of the table. The walk asks for more than
// "each byte once", since every query head of a KV head reads it anew and the host run models no cache (chapter 2.5a).
// The copy also needs a place: for all texts of a batch, as much memory again as their keys and values have.

// %% [markdown]
// ## Measure
//
// The same on this machine's CPU in milliseconds, with this lab's own kernels over pages of 16: medians of nine runs. The ceiling is memory: all keys and
// values, read once.

// %%
{
    var times = GatherTimes.of(model().config(), quick() ? new int[] {256, 1024} : new int[] {256, 1024, 4096, 16384});
    show(times.chart());
    show(times.table());
}

// %% [markdown]
// Short texts lie in the processor's caches, and are faster than memory. A page of 16 keys of one head has 4 kB in one stretch: enough for memory to
// be read at full speed, so looking pages up costs next to nothing. Pages of one token would cost more.

// %% [markdown]
// ## The challenge
//
// Two rows of different lengths. The naive way copies first; without a GPU the transactions decide. Ideas: the query heads of one KV head read the same
// pages, so one threadgroup could serve all of them and read each key once (the others do nothing).

// %%
challenge("3.2 decode", MyPaged::new)

// %% [markdown]
// ## Where real systems differ
//
// - **vLLM**'s first kernel, `paged_attention_v1`, is your exercise 3 in CUDA, `v2` splits long rows over several threadgroups and merges as in chapter
//   2.5a. Today it mostly calls `flash_attn_varlen_func` with a `block_table`.
// - **FlashInfer**, behind **SGLang** too, takes `kv_indptr`, `kv_indices` and `kv_last_page_len`: all tables as one line, and how full each last page is.
// - **Layout.** FlashInfer has `NHD` (a token's heads side by side, as in chapter 3.1) and `HND` (a head's tokens, as here).
// - **llama.cpp** keeps one piece with holes, and hides the holes with a mask: no table, but masked keys are read.
// - **MLX** has no paged attention of its own; servers on top of it copy, or bring a kernel like yours.
// - **Tables once per step.** All layers use the same tables: this lab's engine builds and checks them once (`BlockTables`), since a GPU reads whatever page it
//   is told.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. 24 layers, 2 KV heads of 64, float16, 4,096 tokens. How many bytes does copying move for one new token, read and write?</summary>
// 24 · 2 · 64 · 2 (K and V) · 2 bytes · 4,096 = 50 MB, read and written: 101 MB. With 16 texts 1.6 GB for each step.
// </details>
//
// <details><summary>2. Why not copy once and keep the copy?</summary>
// Then every text has a piece of its own again, which has to grow: the problem that pages solved.
// </details>
//
// <details><summary>3. Table entries have 4 bytes. What share of the keys and values of question 1 are they, for pages of 16?</summary>
// A page has 16 · 24 · 2 · 64 · 2 · 2 = 196,608 bytes, its entry 4: one part in 49,000.
// </details>
//
// <details><summary>4. A wrong number in a table: what happens on a GPU?</summary>
// It reads the page that it is told, another text's or beyond all of them. Nothing stops it, so the numbers are checked before the launch.
// </details>
//
// <details><summary>5. Why must a row with no key be a case of its own?</summary>
// Its sum is 0, and 0 / 0 is NaN. A batch often has idle rows, since launches of few sizes are prepared beforehand and filled up.
// </details>
//
// <details><summary>6. 40 keys in pages of 16, eight groups. How many groups work, and for how many turns? And in pages of 4?</summary>
// Three pages: three groups, 16 turns. In pages of 4 ten pages: eight groups, two of them with 8 turns. Small pages share short texts better.
// </details>
//
// <details><summary>7. Two texts begin alike and share their first pages. What does your kernel have to know of it?</summary>
// Nothing: the same page stands in two tables. Who may write into it is a question for the pool (chapter 4.2).
// </details>

// %% [markdown]
// ## Further
//
// - Kwon et al., *Efficient Memory Management for Large Language Model Serving with PagedAttention* (2023), section 5
// - Ye et al., *FlashInfer: Efficient and Customizable Attention Engine for LLM Inference Serving* (2025)
// - Prabhu et al., *vAttention: Dynamic Memory Management for Serving LLMs without PagedAttention* (2024)
// - `metal/attention_decode.metal` in this lab: `attention_decode_paged`, with 32 groups and any head size

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [4.2 Prefix cache](42-prefix-cache.ipynb), in which texts share pages. Your progress:

// %%
progress()
