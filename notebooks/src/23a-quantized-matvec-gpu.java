// %% [markdown]
// # 2.3a Quantized matvec on a GPU
//
// To write one token a model reads every weight once. On a GPU that is one kernel called over and over: a row of numbers times a matrix of 4-bit
// weights. **You will build** it twice in Metal, plainly and the way that fast kernels do it. **You will see** which thread touches which word,
// and how many bytes that moves. **You need** chapters 2.2 (4-bit weights) and 4.5 (threads, SIMD groups). **About 60 minutes.**
//
// The next cell lets the finished kernel decide how a sentence goes on: the rows of six words in your model's output layer, in 4 bits, times the
// sentence's last hidden vector.

// %%
String library = KernelSources.library("2.3a matvec");
NextWord.of(model(), library, "The capital of France is", " Paris", " London", " big", " a", " the", " cheese")

// %% [markdown]
// *kernel* is the logit from 4-bit weights, *model* the one from the model's own. They differ a little; the order is what counts.

// %% [markdown]
// ## Predict
//
// A matrix of 64 rows and 512 columns in 4 bits is 16 kB, with its scales 20 kB. The plain kernel has one thread for each row, which reads its row
// from left to right. **How many kilobytes does the memory move for it, in all?**

// %%
predict("2.3a naive bytes", 40, "kB")

// %% [markdown]
// ## The idea, small
//
// $$y_n = \sum_k x_k \, (s_g \, q_{nk} + b_g)$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $x$ | `[K]` | one token's numbers, float32 |
// | $q_{nk}$ | `w [N, K / 8]` | 0 to 15; eight share a 32-bit word, the first in its lowest bits |
// | $s_g$, $b_g$ | `scales`, `biases` `[N, K / 64]` | one scale and one bias for each group $g$ of 64 values of a row |
// | $y$ | `[N]` | the result |
//
// One word by hand. Value $k$ is `(word >> (4 * k)) & 15`:

// %%
int word = 0x7654_3210;
show(IntStream.range(0, 8).mapToObj(k -> "value " + k + " is " + ((word >> (4 * k)) & 15)).collect(Collectors.joining("\n")));

// %% [markdown]
// And a sum that both exercises use: over eight values of a group, scale and bias come out of the sum. The left side needs eight multiplications
// more.
//
// $$\sum_j x_j (s\,q_j + b) = s \sum_j q_j x_j + b \sum_j x_j$$

// %%
double[] eight = {0.5, -1, 2, 0, 1, 3, -2, 0.25};
double left = 0, dot = 0, total = 0;
for (int j = 0; j < 8; j++) {
    left += eight[j] * (0.1 * j - 0.4);
    dot += eight[j] * j;
    total += eight[j];
}
show("weight by weight %.4f, taken apart %.4f".formatted(left, 0.1 * dot - 0.4 * total));

// %% [markdown]
// ## Exercise 1: one thread, one row
//
// The plain way. Thread $n$ goes along row $n$: take the value out of its word, make it a weight again, multiply it with `x[k]`, add. The grid is $N$
// rounded up to 32.

// %% exercise="2.3a naive"
class MyNaive implements KernelText {
    /** x [K], w [N, K / 8] of 32-bit words, scales and biases [N, K / 64] -> y [N]; one thread for each n. */
    public String text() {
        return """
                uint n = thread_position_in_grid.x;
                uint K = uint(x_shape[0]), N = uint(w_shape[0]);
                // BEGIN SOLUTION void: for each k the value, its weight, the product; then y[n], where there is a row n
                if (n < N) {
                  float sum = 0;
                  for (uint k = 0; k < K; ++k) {
                    uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                    uint g = n * (K / 64) + k / 64;
                    sum += x[k] * (scales[g] * float(q) + biases[g]);
                  }
                  y[n] = sum;
                }
                // END SOLUTION
                """;
    }
}

// %% wrong="2.3a naive"
class MyNaive implements KernelText {
    public String text() {
        return """
                uint n = thread_position_in_grid.x;
                uint K = uint(x_shape[0]), N = uint(w_shape[0]);
                if (n < N) {
                  float sum = 0;
                  for (uint k = 0; k < K; ++k) {
                    uint q = (w[n * (K / 8) + k / 8] >> (28 - 4 * (k % 8))) & 15u;
                    sum += x[k] * scales[n * (K / 64) + k / 64] * float(q);
                  }
                  y[n] = sum;
                }
                """;
    }
}

// %%
check("2.3a naive", MyNaive::new)

// %%
// hint("2.3a naive");
// solution("2.3a naive");

// %% [markdown]
// ## Exercise 2: 32 lanes, four rows
//
// Now a SIMD group works on one row *together*: lane $l$ takes the eight values of word $l$, then of word $l + 32$. Neighbours read neighbours. And since
// $x$ is the same for all rows, take four rows at once: each value of $x$ is loaded once and used four times, $\sum x$ too.
//
// `float values[8]` lives in the thread's own registers. `simd_sum(v)` gives every lane the sum over 32 lanes; all of them have to take part.

// %% exercise="2.3a matvec"
class MyMatvec implements KernelText {
    /** The same names; a threadgroup has two SIMD groups, each with the four rows first to first + 3. */
    public String text() {
        return """
                uint K = uint(x_shape[0]), N = uint(w_shape[0]), lane = thread_index_in_simdgroup;
                uint first = (threadgroup_position_in_grid.x * 2 + simdgroup_index_in_threadgroup) * 4;
                float sums[4] = {0, 0, 0, 0};
                // BEGIN SOLUTION void: eight values of x and their total; for each row a word, its dot product, scale and bias; simd_sum
                for (uint k = lane * 8; k < K; k += 256) {
                  float values[8], total = 0;
                  for (uint j = 0; j < 8; ++j) {
                    values[j] = x[k + j];
                    total += values[j];
                  }
                  for (uint r = 0; r < 4; ++r) {
                    uint n = first + r, g = n * (K / 64) + k / 64;
                    if (n < N) {
                      uint word = w[n * (K / 8) + k / 8];
                      float dot = 0;
                      for (uint j = 0; j < 8; ++j) {
                        dot += float((word >> (4 * j)) & 15u) * values[j];
                      }
                      sums[r] += scales[g] * dot + biases[g] * total;
                    }
                  }
                }
                for (uint r = 0; r < 4; ++r) {
                  float sum = simd_sum(sums[r]);
                  if (lane == 0 && first + r < N) {
                    y[first + r] = sum;
                  }
                }
                // END SOLUTION
                """;
    }
}

// %%
check("2.3a matvec", MyMatvec::new)

// %%
// hint("2.3a matvec");
// solution("2.3a matvec");

// %% [markdown]
// ## Plug it in
//
// The first cell again, and the kernel is yours. Write another sentence and other words; each word counts with its first token.

// %%
String mine() { return KernelSources.of("2.3a matvec", MyMatvec::new); } // your text as it is now
NextWord.of(model(), mine(), "The capital of France is", " Paris", " London", " big", " a", " the", " cheese")

// %% [markdown]
// ## See
//
// Which thread touches what. Each line is the beginning of `w`, eight rows of 32 words one after the other; each colour is a lane. In the plain kernel lane
// $n$ walks along row $n$: at every moment the lanes are in as many rows, and as many transactions.

// %%
String plain() { return KernelSources.of("2.3a naive", MyNaive::new); }
var product = MatvecView.of(256, 64);
product.plain("Plain: every lane in a row of its own", plain())

// %% [markdown]
// In the second kernel 32 lanes read one row side by side, one transaction for all of them, and then the next row. The SIMD group has four rows; rows 4 to 7
// belong to the other one.

// %%
product.together("32 lanes read 32 neighbouring words", mine())

// %% [markdown]
// The bytes, and your guess. The host run has no cache: a word that eight steps of a loop read is moved eight times. A GPU's cache saves the plain kernel
// from the worst; how much depends on how many threads share it.

// %%
{
    var bytes = MatvecView.of(512, 64).bars(plain(), mine());
    show(bytes.table());
    prediction("2.3a naive bytes").ifPresent(p -> show("Your guess for the plain kernel: " + p.guess() + " " + p.unit()));
    show(bytes.chart());
}

// %% [markdown]
// ## Measure
//
// Plain, yours, the library's and MLX's: on a machine with a GPU by time, the median of interleaved rounds; on the host run by transactions, and no seconds,
// since those would say nothing about a GPU. The ceiling is every byte once.

// %%
challenge("2.3a matvec", MyMatvec::new)

// %% [markdown]
// ## Where real systems differ
//
// - **No shifts.** `metal/quantized_matmul.metal` and MLX's `qmv_fast` divide $x$ by 1, 16, 256 and 4,096 beforehand; then a value is masked where it stands:
//   $(16q) \cdot (x / 16) = q\,x$.
// - **Wider loads.** One lane takes two or four words with one instruction; **llama.cpp**'s `kernel_mul_mv_q4_0_f32` reads half a block, and each SIMD
//   group has several rows, like yours (`N_R0_Q4_0`).
// - **vLLM** uses *Marlin* for 4-bit weights on NVIDIA: weights are shuffled once at load, so that each thread finds what it needs side by side.
// - For more than a few rows of $x$ all of this is wrong: each weight is unpacked for every row again: chapter 2.3b.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. How many bits does a weight take, with scale and bias as float32 for each 64? And as float16?</summary>
// 4 + 64 / 64 = 5 bits. With 16 bits each: 4 + 32 / 64 = 4.5 bits.
// </details>
//
// <details><summary>2. A GPU reads 400 GB/s, and a model has 0.5 billion weights of 4.5 bits. How many tokens a second at most?</summary>
// 0.5e9 · 4.5 / 8 = 281 MB for each token: 1,420 tokens a second.
// </details>
//
// <details><summary>3. Why is Σx computed once, outside of the loop over rows?</summary>
// It does not depend on the row: four rows share it, as they share the values of x in the lane's registers.
// </details>
//
// <details><summary>4. K is 320. What do lanes 8 to 31 do in the second round?</summary>
// Nothing: lane l begins at 256 + 8·l, which is below 320 for lanes 0 to 7 alone. They wait for simd_sum.
// </details>
//
// <details><summary>5. Why may simd_sum not stand inside of if (lane == 0)?</summary>
// It adds what the lanes that take part bring. In the branch that is lane 0 alone, and the other 31 sums are lost.
// </details>
//
// <details><summary>6. Would one thread for each row be good if w were stored column by column?</summary>
// Yes: then 32 neighbouring threads would read 32 neighbouring words. Some formats for GPUs do store weights that way.
// </details>

// %% [markdown]
// ## Further
//
// - MLX, `mlx/backend/metal/kernels/quantized.h`
// - Frantar et al., *MARLIN: Mixed-Precision Auto-Regressive Parallel Inference on Large Language Models* (2024)
// - llama.cpp, `ggml/src/ggml-metal/ggml-metal.metal`

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [2.3b Quantized matmul on a GPU](23b-quantized-matmul-gpu.ipynb), where many rows share the unpacked weights. Your progress so far:

// %%
progress()
