// %% [markdown]
// # 2.3b Quantized matmul on a GPU
//
// A prompt of 500 tokens is 500 rows, and they all meet the same weights. **You will build** the kernel for that in four steps: a tile in threadgroup
// memory, a tile in registers, SIMD groups that multiply matrices, and threadgroups that share the columns. **You will see** what each step loads and
// moves. **You need** chapters 4.5 (tiles) and 2.3a (4-bit words). **About 75 minutes** (an estimate).

// %% [markdown]
// Run the next cell: after *each* token of a sentence the finished kernel decides which of ten words comes next. All rows are one product with the
// words' rows in the output layer, in 4 bits.

// %% tags=["thumbnail"]
String[] words = {" the", " cat", " sat", " on", " mat", " and", " looked", " at", " dog", " moon"};
NextWords.of(model(), KernelSources.library("2.3b matrices"), "The cat sat on the mat and the dog looked at", words)

// %% [markdown]
// A line is a token, its colours are the shares of the ten words. The title counts where 4 bits and the model's own weights agree on the first place.

// %% [markdown]
// ## Predict
//
// 32 rows, and weights of 64 rows and 512 columns in 4 bits: 20 kB with their scales. The kernel of chapter 2.3a takes one row of $x$ after the other.
// **How many kilobytes does the memory move for all 32?**

// %%
predict("2.3b row by row", 700, "kB")

// %% [markdown]
// ## The idea, small
//
// $$y_{mn} = \sum_k x_{mk} \, w_{nk}, \qquad w_{nk} = s_g \, q_{nk} + b_g$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $x$ | `[M, K]` | a row for each token, float32 |
// | $w$ | `[N, K]` | never in memory: `w [N, K / 8]` holds its words, `scales` and `biases` are `[N, K / 64]` |
// | $y$ | `[M, N]` | the result |
// | $T$ | | the side of a **tile**: a threadgroup has $T \times T$ results |
//
// For one column $k$ a tile needs $T$ values of $x$ and $T$ weights, and makes $T \cdot T$ products of them: $2 / T$ loads for each. Here $T = 2$,
// and two columns at a time, with numbers that you can follow by hand:

// %%
{
    float[][] x = {{1, 2, 3, 4}, {0, 1, 0, 1}}, w = {{1, 0, 2, 1}, {3, 1, 0, 2}}, y = new float[2][2];
    int loads = 0;
    for (int k0 = 0; k0 < 4; k0 += 2) {
        loads += 2 * 2 + 2 * 2; // two columns of both, each value once
        for (int m = 0; m < 2; m++) for (int n = 0; n < 2; n++) for (int k = k0; k < k0 + 2; k++) {
            y[m][n] += x[m][k] * w[n][k];
        }
        show("after columns 0 to " + (k0 + 1) + " the tile's sums are " + Arrays.deepToString(y));
    }
    show(loads + " loads for 16 products; one thread for each result would have loaded 32");
}

// %% [markdown]
// Between memory and arithmetic lie two more stores, and the trick works at each: threadgroup memory is shared by a threadgroup, registers belong to
// one thread. Exercise 1 is about the first, exercise 2 about the second.

// %% [markdown]
// ## Exercise 1: unpack once for 16 rows
//
// The tile of chapter 4.5, with one change: what goes into `ws` is unpacked on the way. Then each weight is shifted, masked and scaled once for 16 rows
// of $x$. A threadgroup has 16 × 16 threads and as many results; $K$ is a multiple of 64, $M$ and $N$ are anything.

// %% exercise="2.3b tile"
class MyTile implements KernelText {
    /** x [M, K], w [N, K / 8], scales and biases [N, K / 64] -> y [M, N]; 16 x 16 threads, the grid is (N, M) rounded up. */
    public String text() {
        return """
                threadgroup float xs[16][16];
                threadgroup float ws[16][16];
                uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
                uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
                uint m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16;
                // BEGIN SOLUTION void: for each 16 of K bring a value and an unpacked weight, meet, add 16 products, meet; then y
                float sum = 0;
                for (uint k0 = 0; k0 < K; k0 += 16) {
                  uint k = k0 + c, n = n0 + r;
                  xs[r][c] = m0 + r < M ? x[(m0 + r) * K + k] : 0.0f;
                  float v = 0;
                  if (n < N) {
                    uint q = (w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u;
                    uint g = n * (K / 64) + k / 64;
                    v = scales[g] * float(q) + biases[g];
                  }
                  ws[r][c] = v;
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  for (uint i = 0; i < 16; ++i) {
                    sum += xs[r][i] * ws[c][i];
                  }
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                }
                if (m0 + r < M && n0 + c < N) {
                  y[(m0 + r) * N + n0 + c] = sum;
                }
                // END SOLUTION
                """;
    }
}

// %% wrong="2.3b tile"
class MyTile implements KernelText {
    public String text() {
        return """
                threadgroup float xs[16][16];
                threadgroup float ws[16][16];
                uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
                uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
                uint m = threadgroup_position_in_grid.y * 16 + r, n = threadgroup_position_in_grid.x * 16 + r;
                float sum = 0;
                for (uint k = c; k < K; k += 16) {
                  xs[r][c] = x[m * K + k];
                  ws[r][c] = scales[n * (K / 64) + k / 64] * float((w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u);
                  for (uint i = 0; i < 16; ++i) {
                    sum += xs[r][i] * ws[c][i];
                  }
                }
                y[m * N + n - r + c] = sum;
                """;
    }
}

// %%
check("2.3b tile", MyTile::new)

// %%
// hint("2.3b tile");
// solution("2.3b tile");

// %% [markdown]
// ## Exercise 2: four results for each thread
//
// In the tile every product loads two values from threadgroup memory, and that is now what takes the time. Let a thread have *four* results: rows $r$
// and $r + 16$, columns $c$ and $c + 16$ of a tile of 32 × 32. Two values of $x$ and two weights, held in registers, make four products.
//
// The loading is given. Arrays whose index the compiler knows live in registers, which are the fastest memory there is.

// %% exercise="2.3b registers"
class MyRegisters implements KernelText {
    /** The same names; 16 x 16 threads for 32 x 32 results. */
    public String text() {
        return """
                threadgroup float xs[32][16];
                threadgroup float ws[32][16];
                uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
                uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
                uint m0 = threadgroup_position_in_grid.y * 32, n0 = threadgroup_position_in_grid.x * 32;
                float sums[2][2] = {{0, 0}, {0, 0}};
                for (uint k0 = 0; k0 < K; k0 += 16) {
                  for (uint h = r; h < 32; h += 16) {
                    uint m = m0 + h, n = n0 + h, k = k0 + c, g = n * (K / 64) + k / 64;
                    xs[h][c] = m < M ? x[m * K + k] : 0.0f;
                    ws[h][c] = n < N ? scales[g] * float((w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u) + biases[g] : 0.0f;
                  }
                  // BEGIN SOLUTION void: meet; for each i two values of xs, two of ws, four sums; meet
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  for (uint i = 0; i < 16; ++i) {
                    float a0 = xs[r][i], a1 = xs[r + 16][i], b0 = ws[c][i], b1 = ws[c + 16][i];
                    sums[0][0] += a0 * b0;
                    sums[0][1] += a0 * b1;
                    sums[1][0] += a1 * b0;
                    sums[1][1] += a1 * b1;
                  }
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  // END SOLUTION
                }
                // BEGIN SOLUTION void: write the four sums where y has such places
                for (uint p = 0; p < 4; ++p) {
                  uint m = m0 + r + p / 2 * 16, n = n0 + c + p % 2 * 16;
                  if (m < M && n < N) {
                    y[m * N + n] = sums[p / 2][p % 2];
                  }
                }
                // END SOLUTION
                """;
    }
}

// %%
check("2.3b registers", MyRegisters::new)

// %%
// hint("2.3b registers");
// solution("2.3b registers");

// %% [markdown]
// ## Exercise 3: SIMD groups multiply matrices
//
// A GPU has an instruction for this: a SIMD group multiplies two matrices of 8 × 8 at once. Its 32 lanes hold the 64 values together, two each; you
// never ask which. The words:
//
// | word | what it does |
// |---|---|
// | `simdgroup_float8x8 a;` | a matrix of 8 × 8 |
// | `simdgroup_load(a, p, 32)` | 8 rows of 8 floats; the first begins at `p`, the next 32 floats further |
// | `simdgroup_load(a, p, 32, ulong2(0, 0), true)` | the same, transposed |
// | `simdgroup_multiply_accumulate(d, a, b, c)` | $d = a\,b + c$ |
// | `simdgroup_store(a, p, 32)` | the way back |

// %% [markdown]
// Four SIMD groups share 32 × 32 results, a quarter for each: its corner is (`row`, `column`), and it has 2 × 2 matrices, `sums[0]` and `sums[1]` above
// `sums[2]` and `sums[3]`. The loading is given. At the end the sums go through `xs`, so that only places inside of $y$ are written.

// %% exercise="2.3b matrices"
class MyMatrices implements KernelText {
    /** The same names; 128 threads for 32 x 32 results. */
    public String text() {
        return """
                threadgroup float xs[32 * 32];
                threadgroup float ws[32 * 32];
                uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]), t = thread_index_in_threadgroup;
                uint m0 = threadgroup_position_in_grid.y * 32, n0 = threadgroup_position_in_grid.x * 32;
                uint row = simdgroup_index_in_threadgroup / 2 * 16, column = simdgroup_index_in_threadgroup % 2 * 16;
                simdgroup_float8x8 sums[4], a[2], b[2];
                for (uint i = 0; i < 4; ++i) sums[i] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
                for (uint k0 = 0; k0 < K; k0 += 32) {
                  for (uint i = t; i < 1024; i += 128) {
                    uint m = m0 + i / 32, n = n0 + i / 32, k = k0 + i % 32, g = n * (K / 64) + k / 64;
                    xs[i] = m < M ? x[m * K + k] : 0.0f;
                    ws[i] = n < N ? scales[g] * float((w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u) + biases[g] : 0.0f;
                  }
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  // BEGIN SOLUTION void: for each 8 of 32 columns load two matrices of xs and two of ws, add four products; meet
                  for (uint k = 0; k < 32; k += 8) {
                    for (uint i = 0; i < 2; ++i) {
                      simdgroup_load(a[i], xs + (row + 8 * i) * 32 + k, 32);
                      simdgroup_load(b[i], ws + (column + 8 * i) * 32 + k, 32, ulong2(0, 0), true);
                    }
                    for (uint i = 0; i < 4; ++i) simdgroup_multiply_accumulate(sums[i], a[i / 2], b[i % 2], sums[i]);
                  }
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  // END SOLUTION
                }
                // BEGIN SOLUTION void: store the four sums in xs, meet, copy what lies inside of y
                for (uint i = 0; i < 4; ++i) {
                  simdgroup_store(sums[i], xs + (row + i / 2 * 8) * 32 + column + i % 2 * 8, 32);
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                for (uint i = t; i < 1024; i += 128) {
                  uint m = m0 + i / 32, n = n0 + i % 32;
                  if (m < M && n < N) y[m * N + n] = xs[i];
                }
                // END SOLUTION
                """;
    }
}

// %%
check("2.3b matrices", MyMatrices::new)

// %%
// hint("2.3b matrices");
// solution("2.3b matrices");

// %% [markdown]
// ## Exercise 4: threadgroups share the columns
//
// Eight rows and 64 outputs are four tiles of 16 × 16: four threadgroups, and a GPU with forty cores is idle but for a tenth. **Split-K** cuts $K$ into
// parts: threadgroup $z = p$ adds up the columns $p \cdot share$ to $(p + 1) \cdot share - 1$ alone, where $share$ is $K / parts$ rounded up to 16. The last part
// ends at $K$, or has none.
//
// The sums of the parts stay apart, in `partial [parts, M, N]`; a second, tiny launch adds them. It is given. Begin with your kernel of exercise 1.

// %% exercise="2.3b split-K"
class MySplit implements KernelText {
    /** x, w, scales, biases as before -> partial [parts, M, N]; 16 x 16 threads, the grid is (N, M, parts). */
    public String text() {
        return """
                threadgroup float xs[16][16];
                threadgroup float ws[16][16];
                uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
                uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
                uint m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16;
                uint part = threadgroup_position_in_grid.z, parts = threadgroups_per_grid.z;
                // BEGIN SOLUTION void: the part's first and last column; the loop of exercise 1 over them; then partial
                uint share = (K + parts * 16 - 1) / (parts * 16) * 16;
                uint stop = min((part + 1) * share, K);
                float sum = 0;
                for (uint k0 = part * share; k0 < stop; k0 += 16) {
                  uint n = n0 + r, k = k0 + c, g = n * (K / 64) + k / 64;
                  xs[r][c] = m0 + r < M ? x[(m0 + r) * K + k] : 0.0f;
                  ws[r][c] = n < N ? scales[g] * float((w[n * (K / 8) + k / 8] >> (4 * (k % 8))) & 15u) + biases[g] : 0.0f;
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  for (uint i = 0; i < 16; ++i) {
                    sum += xs[r][i] * ws[c][i];
                  }
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                }
                if (m0 + r < M && n0 + c < N) {
                  partial[(part * M + m0 + r) * N + n0 + c] = sum;
                }
                // END SOLUTION
                """;
    }
}

// %%
check("2.3b split-K", MySplit::new)

// %%
// hint("2.3b split-K");
// solution("2.3b split-K");

// %% [markdown]
// ## Plug it in
//
// The first cell again, and the kernel is yours: a pass over the prompt ends in your product. Write another sentence, and other words.

// %%
String matrices() { return KernelSources.of("2.3b matrices", MyMatrices::new); } // your text as it is now
NextWords.of(model(), matrices(), "The dog sat on the mat and looked at the", words)

// %% [markdown]
// ## See: the tiles
//
// A product as its three matrices, and what the *first* threadgroup of each kernel touches: $x$ to the left, $w$ above, and where they meet, its part of
// $y$. Without a tile each value of $x$ is read for every one of the 32 columns. With one it is read once; a word of $w$ is read eight times, by the eight
// neighbours who take one value each out of it, and that is one transaction.

// %%
String tile() { return KernelSources.of("2.3b tile", MyTile::new); }
String registers() { return KernelSources.of("2.3b registers", MyRegisters::new); }
MatmulView.of(40, 64, 40).naive().tile(tile()).registers(registers()).tiles()

// %% [markdown]
// ## See: loads and bytes
//
// The same kernels on 64 rows, counted. A larger tile halves what comes from device memory; registers halve what comes from threadgroup memory, and
// matrices need an eighth of the rest.

// %%
{
    var view = MatmulView.of(64, 256, 64).tile(tile()).registers(registers()).matrices(matrices());
    show(view.bars().table());
    show(view.bars().chart());
    show(view.loads());
}

// %% [markdown]
// Barriers are counted once for each threadgroup that passes. And here is your guess: what the library's kernel of chapter 2.3a moves when it takes row
// after row, and what tiles of 32 rows move.

// %%
MatmulView.rows("2.3b row by row", 512, 64, quick() ? new int[] {1, 32} : new int[] {1, 2, 4, 8, 16, 32})

// %% [markdown]
// Up to 32 rows each word of $w$ comes once, and only $x$ and $y$ grow. For one row the tile is no gain, and 31 of its 32 rows multiply zeros: decoding
// stays with 2.3a's kernel. Last, what parts of $K$ cost, for eight rows:

// %%
{
    String split = KernelSources.of("2.3b split-K", MySplit::new);
    show(MatmulView.of(8, 512, 64).parts(split, 1, 2, 4, 8));
}

// %% [markdown]
// ## Measure
//
// One thread for each result, yours, the library's and MLX's: on a machine with a GPU by time, the median of interleaved rounds; on the host run by
// transactions. The ceiling is every byte once. Seconds of a host run would say nothing about a GPU.

// %%
challenge("2.3b matrices", MyMatrices::new)

// %% [markdown]
// ## Where real systems differ
//
// - **Tensor cores.** On NVIDIA's GPUs this lab's header makes a matrix of shuffles, which is right and slow: 512 rows of 896 → 896 took 101 µs on an H100, and
//   MLX 14, whose kernels use the hardware's matrix instructions.
// - **Two tiles in turn.** While one is multiplied the next is loaded, so one barrier does for two; CUDA has `cp.async` for it (CUTLASS calls it a pipeline).
// - **Banks.** Threadgroup memory has 32 banks. `metal/quantized_matmul.metal` lets a row of the tile be 36 floats long, so that rows begin in different banks.
// - **MLX** has `qmm_t` with tiles of 32 × 32 × 32, as yours, and `qmv` below a number of rows that depends on the GPU; **llama.cpp**'s `kernel_mul_mm` has
//   64 × 32 and unpacks to half precision.
// - **vLLM** and **SGLang** use *Marlin* and *Machete* on NVIDIA: weights are shuffled at load, so that they come out of registers as a tensor core wants them.
// - **Stream-K** (CUTLASS) shares out tiles *and* parts so that no core is idle at the end.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. 512 rows, tiles of 32 × 32. How often does each word of w come from device memory? And with the kernel for one row?</summary>
// 512 / 32 = 16 times, once for each row of tiles; with the other 512 times.
// </details>
//
// <details><summary>2. Two tiles of 32 × 32 floats for each threadgroup, 32 kB of threadgroup memory for each core. How many threadgroups fit?</summary>
// 2 · 1,024 · 4 = 8,192 bytes: four at a time, if registers allow it.
// </details>
//
// <details><summary>3. A thread has 4 × 4 results instead of 2 × 2. How many loads from threadgroup memory for each product?</summary>
// 4 + 4 values make 16 products: a half, against one with 2 × 2 and two with a single result.
// </details>
//
// <details><summary>4. Why not 16 × 16 results for each thread?</summary>
// 256 sums need 256 registers. Then few threads fit on a core, or the sums spill to memory, which is what registers were to avoid.
// </details>
//
// <details><summary>5. Why does the tile's loop need two barriers, and what would become of the second with two pairs of tiles in turn?</summary>
// One lets nobody multiply too early, one lets nobody overwrite too early. With two pairs the next load goes elsewhere, and one barrier is enough.
// </details>
//
// <details><summary>6. Does split-K give the same bits as one sum over all of K?</summary>
// Not always: it adds in another order, and float addition rounds. Who promises equal bits for any number of rows has to fix the parts, too.
// </details>
//
// <details><summary>7. Why does the kernel for one row not get faster by tiles?</summary>
// Every weight is used once there, so there is nothing to share. All it can do is to read each word once, and that it does.
// </details>

// %% [markdown]
// ## Further
//
// - Apple, *Metal Shading Language Specification*, chapter 6.7 (SIMD-group matrix functions)
// - NVIDIA, *CUTLASS: Fast Linear Algebra in CUDA C++* (2017), on tiles at every level
// - Osama et al., *Stream-K: Work-centric Parallel Decomposition for Dense Matrix-Matrix Multiplication on the GPU* (2023)
// - Volkov and Demmel, *Benchmarking GPUs to Tune Dense Linear Algebra* (2008), where tiles in registers come from

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: 2.4 Flash attention on a CPU, where attention gets its tiles. Your progress so far:

// %%
progress()
