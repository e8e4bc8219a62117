// %% [markdown]
// # 2.5a Flash attention for decoding, as a Metal kernel
//
// A new token has one query, and thousands of keys wait for it. **You will build** the Metal kernel for that: one SIMD group that walks over
// the keys with an online softmax, the merge of partial softmaxes, and eight groups that share the walk. **You will see** who reads which key, and turns
// and transactions against length. **You need** chapters 2.4 and 4.5; no Mac, no GPU. **About 80 minutes** (an estimate).
//
// Run the next cell: a threadgroup of eight SIMD groups on 48 keys, watched on the host. The colour is the turn in which a group reads a key, grey is
// never.

// %% tags=["thumbnail"]
KeyReaders.of(KernelSources.library("2.5a decode"), 48)

// %% [markdown]
// ## Predict
//
// One SIMD group walks over 512 keys, one after the other. Eight of them share the keys of a head. **How many keys does one of the eight
// read?** And think of the second question now: what is missing at the end?

// %%
predict("2.5a turns", 100, "turns")

// %% [markdown]
// ## The idea, small
//
// The online softmax of chapter 2.4 keeps three things while it walks: the largest score so far $m$, the sum of weights $\ell$ and the weighted
// sum of values $a$. A new score $s$ with value $v$ changes them to
//
// $$m' = \max(m, s), \qquad \ell' = \ell\,e^{m - m'} + e^{s - m'}, \qquad a' = a\,e^{m - m'} + v\,e^{s - m'}$$
//
// and after the last key the result is $a / \ell$. It is a **state** of $2 + D$ numbers, whatever the number of keys.

// %% [markdown]
// Two such states, of different keys, become one by the same rule: bring both to the larger $m$, then add. Four keys with values 10, 20, 30, 40,
// walked by two groups:

// %%
double[] scores = {1, 5, 2, 4}, values = {10, 20, 30, 40};
double[] walk(int from, int step) { // largest, sum, values
    double m = Double.NEGATIVE_INFINITY, l = 0, a = 0;
    for (int i = from; i < scores.length; i += step) {
        double most = Math.max(m, scores[i]), keep = Math.exp(m - most), weight = Math.exp(scores[i] - most);
        m = most; l = l * keep + weight; a = a * keep + weight * values[i];
    }
    return new double[] {m, l, a};
}
double[] all = walk(0, 1), even = walk(0, 2), odd = walk(1, 2);
double down = Math.exp(even[0] - odd[0]); // odd has the larger score, 5
show("alone " + all[2] / all[1]);
"merged " + (even[2] * down + odd[2]) / (even[1] * down + odd[1])

// %% [markdown]
// The mean of the two groups' results would be wrong: a group that met better keys weighs more, by its $\ell$ at a common $m$.

// %% [markdown]
// ## Exercise 1: one SIMD group walks
//
// A kernel's **body** for 32 threads, a SIMD group for each query head. $D$ is 64, so thread `lane` owns the components `lane` and `lane + 32` of
// everything: of the query, of each key and value, and of the result. `simd_sum` adds a number over the 32 threads and gives all of them the sum.
//
// | name | shape | what it is |
// |---|---|---|
// | `q` | `[H_q, 64]` | one query per head; `q_shape[0]` is H_q |
// | `k`, `v` | `[H_kv, S, 64]` | keys and values; query head h reads KV head h / (H_q / H_kv) |
// | `scale` | one number | $1/\sqrt{64}$ |
// | `out` | `[H_q, 64]` | |

// %% [markdown]
// The head is `threadgroup_position_in_grid.y`, the thread `thread_index_in_simdgroup`. The indices stand there already. Scores reach hundreds, so
// keep the largest; `exp(-INFINITY)` is 0, which makes the first key no special case.

// %% exercise="2.5a walk"
class MyWalk implements KernelText {
    public String text() {
        return """
            uint head = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint heads = uint(q_shape[0]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64; // where this head's keys and values begin
            float q0 = q[head * 64 + lane] * scale, q1 = q[head * 64 + lane + 32] * scale;
            // BEGIN SOLUTION void: walk over the keys with largest, sum and two values, then write out
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = 0; key < keys; key += 1) {
              uint at = start + key * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            out[head * 64 + lane] = v0 / sum;
            out[head * 64 + lane + 32] = v1 / sum;
            // END SOLUTION
            """;
    }
}

// %% wrong="2.5a walk"
class MyWalk implements KernelText {
    public String text() {
        return """
            uint head = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint heads = uint(q_shape[0]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            float q0 = q[head * 64 + lane] * scale, q1 = q[head * 64 + lane + 32] * scale;
            float sum = 0, v0 = 0, v1 = 0;
            for (uint key = 0; key < keys; key += 1) {
              uint at = start + key * 64 + lane;
              float weight = exp(simd_sum(q0 * k[at] + q1 * k[at + 32]));
              sum += weight;
              v0 += weight * v[at];
              v1 += weight * v[at + 32];
            }
            out[head * 64 + lane] = v0 / sum;
            out[head * 64 + lane + 32] = v1 / sum;
            """;
    }
}

// %%
check("2.5a walk", MyWalk::new)

// %%
// hint("2.5a walk");
// solution("2.5a walk");

// %% [markdown]
// ## Exercise 2: the merge
//
// Several groups have walked, each over its own keys. `states` `[R, P, 2]` holds the largest score and the sum of each of P parts, `values`
// `[R, P, 64]` the weighted sums, not yet divided. Again a SIMD group for each row R, two components a thread. A part may have had no keys: its largest
// is −∞ and its sum 0.

// %% exercise="2.5a merge"
class MyMerge implements KernelText {
    public String text() {
        return """
            uint row = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint parts = uint(values_shape[1]);
            // BEGIN SOLUTION void: find the largest of all parts, bring each part to it, add, divide once
            float largest = -INFINITY;
            for (uint p = 0; p < parts; ++p) {
              largest = max(largest, states[(row * parts + p) * 2]);
            }
            float sum = 0, v0 = 0, v1 = 0;
            for (uint p = 0; p < parts; ++p) {
              uint at = row * parts + p;
              float factor = exp(states[at * 2] - largest);
              sum += factor * states[at * 2 + 1];
              v0 += factor * values[at * 64 + lane];
              v1 += factor * values[at * 64 + lane + 32];
            }
            out[row * 64 + lane] = v0 / sum;
            out[row * 64 + lane + 32] = v1 / sum;
            // END SOLUTION
            """;
    }
}

// %% wrong="2.5a merge"
class MyMerge implements KernelText {
    public String text() {
        return """
            uint row = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint parts = uint(values_shape[1]);
            float sum = 0, v0 = 0, v1 = 0;
            for (uint p = 0; p < parts; ++p) {
              uint at = row * parts + p;
              sum += states[at * 2 + 1];
              v0 += values[at * 64 + lane];
              v1 += values[at * 64 + lane + 32];
            }
            out[row * 64 + lane] = v0 / sum;
            out[row * 64 + lane + 32] = v1 / sum;
            """;
    }
}

// %%
check("2.5a merge", MyMerge::new)

// %%
// hint("2.5a merge");
// solution("2.5a merge");

// %% [markdown]
// ## Exercise 3: eight groups share the keys
//
// Now both in one kernel. A threadgroup has 256 threads, eight SIMD groups; `simdgroup_index_in_threadgroup` says which one a thread is in. Group g
// walks over the keys g, g + 8, g + 16 …, then all meet in **threadgroup memory** and one of them merges. Between the last write and the first
// read stands a `threadgroup_barrier`, and every thread has to reach it.

// %% exercise="2.5a decode"
class MyDecode implements KernelText {
    public String text() {
        return """
            threadgroup float largests[8], sums[8], values[8 * 64];
            uint head = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint group = simdgroup_index_in_threadgroup;
            uint heads = uint(q_shape[0]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            float q0 = q[head * 64 + lane] * scale, q1 = q[head * 64 + lane + 32] * scale;
            // BEGIN SOLUTION void: walk over every eighth key, meet in threadgroup memory, merge in group 0
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = group; key < keys; key += 8) {
              uint at = start + key * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            if (lane == 0) largests[group] = largest, sums[group] = sum;
            values[group * 64 + lane] = v0, values[group * 64 + lane + 32] = v1;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (group == 0) {
              for (uint g = 0; g < 8; ++g) largest = max(largest, largests[g]);
              sum = 0, v0 = 0, v1 = 0;
              for (uint g = 0; g < 8; ++g) {
                float factor = exp(largests[g] - largest);
                sum += factor * sums[g];
                v0 += factor * values[g * 64 + lane];
                v1 += factor * values[g * 64 + lane + 32];
              }
              out[head * 64 + lane] = v0 / sum;
              out[head * 64 + lane + 32] = v1 / sum;
            }
            // END SOLUTION
            """;
    }
}

// %% wrong="2.5a decode"
class MyDecode implements KernelText {
    public String text() {
        return """
            threadgroup float sums[8], values[8 * 64];
            uint head = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint group = simdgroup_index_in_threadgroup;
            uint heads = uint(q_shape[0]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            float q0 = q[head * 64 + lane] * scale, q1 = q[head * 64 + lane + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = group; key < keys; key += 8) {
              uint at = start + key * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score), keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            if (lane == 0) sums[group] = sum;
            values[group * 64 + lane] = v0, values[group * 64 + lane + 32] = v1;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (group == 0) {
              sum = 0, v0 = 0, v1 = 0;
              for (uint g = 0; g < 8; ++g) {
                sum += sums[g];
                v0 += values[g * 64 + lane];
                v1 += values[g * 64 + lane + 32];
              }
              out[head * 64 + lane] = v0 / sum;
              out[head * 64 + lane + 32] = v1 / sum;
            }
            """;
    }
}

// %%
check("2.5a decode", MyDecode::new)

// %%
// hint("2.5a decode");
// solution("2.5a decode");

// %% [markdown]
// ## Plug it in
//
// Every new token of the real model now goes through your kernel, once for each layer: on a GPU if this machine has one, else on the host, thread by
// thread with every detector on, which is why it takes so long.

// %%
String decode() { return KernelSources.of("2.5a decode", MyDecode::new); } // your text as it is now
chat(new Generator(model().with(() -> new MetalDecode(decode()))).cached(), SamplingParams.GREEDY, "Count: one, two,", quick() ? 2 : 4)

// %% [markdown]
// ## See: who reads which key
//
// Yours, watched. Then change `key = group; key += 8` to eight spans side by side, `key = group * n` with n = keys / 8 rounded up, and run both
// cells again: the result is the same, the picture is not.

// %%
int keysShown = 48;
KeyReaders.of(decode(), keysShown)

// %% [markdown]
// ## See: turns against length
//
// A SIMD group reads its keys one after the other: each turn waits for memory. A GPU has room for hundreds of groups, and one query has only
// as many heads as the model: 9 or 14 threadgroups for a GPU with thousands of threads. Splitting the keys fills it.

// %%
int[] lengths = quick() ? new int[] {16, 32, 64} : new int[] {32, 64, 128, 256, 512};
{
    var cost = DecodeCost.of(model().config(), lengths)
        .with("1 SIMD group", KernelSources.of("2.5a walk", MyWalk::new), 1)
        .with("8 SIMD groups", decode(), 8);
    show(cost.turns("2.5a turns"));
    show(cost.transactions());
}

// %% [markdown]
// The dashed line is your guess. Long contexts split further: several threadgroups share a head, each leaves its state in device memory, and a second
// launch runs your `MyMerge`. This lab's `attention_decode_blocks` and `attention_decode_join` do that.
//
// In the second picture both kernels ask for the same, and for more than the keys and values fill: each query head reads its KV head's keys anew. On a GPU
// most of the repeats come from its cache. This host run models no cache: it counts what the SIMD groups ask for.

// %% [markdown]
// ## Measure
//
// Time on this process's device; on a GPU yours beside ours, on a CPU this lab's CPU kernel, which walks spans of keys and merges them as you did. The ceiling
// is memory: all keys and values, once.

// %%
DecodeCost.of(model().config(), lengths).time(decode(), quick() ? new int[] {256, 1024, 4096} : new int[] {256, 1024, 4096, 16384})

// %% [markdown]
// ## The challenge
//
// Without a GPU the transactions decide. Ideas: the query heads of one KV head read the same keys, so one threadgroup could serve all of them and
// read each key once (the others do nothing); the last step need not be done by one group alone.

// %%
challenge("2.5a decode", MyDecode::new)

// %% [markdown]
// ## Where real systems differ
//
// - **FlashDecoding** (Dao et al.) is your merge over splits of the keys; `flash_attn_with_kvcache` chooses the number of splits by how many
//   multiprocessors would be idle. **FlashInfer**, behind **SGLang** and **vLLM**, plans splits for a whole batch of different lengths.
// - **MLX** has `sdpa_vector` (32 SIMD groups, as this lab's `attention_decode`) and `sdpa_vector_2pass` for long contexts. **llama.cpp**'s Metal backend: `kernel_flash_attn_ext_vec`.
// - **All query heads of a KV head at once.** With 7 of them a key is loaded once and used 7 times; with 8 or more it becomes a matrix product for the tensor cores.
// - **exp2.** Hardware has $2^x$. So kernels multiply the query by $\log_2 e$ once and use `exp2`, as `metal/attention_decode.metal` does.
// - **Pages.** In vLLM keys lie in pages of 16 tokens: the walk goes through a block table (chapter 3.2).

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A context of 32,768 tokens, 2 KV heads of 64 components, 24 layers, float16. How many bytes does one new token read?</summary>
// 32,768 · 2 · 64 · 2 (K and V) · 2 bytes · 24 = 403 MB: as much as all weights of the 0.5B model in 4 bits.
// </details>
//
// <details><summary>2. How many numbers does a group hand over in the merge, and does it depend on the number of keys?</summary>
// 2 + D = 66: largest, sum, and 64 values. It does not: that is the whole point.
// </details>
//
// <details><summary>3. 14 heads, 8 SIMD groups each, 4,096 keys. How many turns, and how many if 4 threadgroups share a head?</summary>
// 4,096 / 8 = 512; with 32 groups on a head 128, and then the merge of 4 states in a second launch.
// </details>
//
// <details><summary>4. A group found no key. Why does −∞ as its largest score do no harm, and when would it?</summary>
// exp(−∞ − m) = 0 for a finite m. If no group has a key, m is −∞ too, and −∞ − (−∞) is NaN: attention over nothing has no answer.
// </details>
//
// <details><summary>5. Does the order of the merge change the result?</summary>
// Not on paper. In floats the last bits change with the order, so a kernel that splits by the load of the machine gives other bits on another day.
// </details>
//
// <details><summary>6. The barrier stands inside "if (group == 0)". What happens on a GPU?</summary>
// It is undefined: groups 1 to 7 never arrive. It may hang, or go on with half-written memory. The host run says so with line and thread.
// </details>

// %% [markdown]
// ## Further
//
// - Dao et al., *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning* (2023)
// - Dao, Haziza, Massa, Sizov, *Flash-Decoding for long-context inference* (2023)
// - Milakov and Gimelshein, *Online normalizer calculation for softmax* (2018)
// - Ye et al., *FlashInfer: Efficient and Customizable Attention Engine for LLM Inference Serving* (2025)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: 2.5b, where many queries share each tile of keys. Your progress so far:

// %%
progress()
