// %% [markdown]
// # 4.5 First Metal: small kernels
//
// A GPU runs one small program on thousands of threads. **You will build** six of them in Metal, a few lines each. **You will see** what 32 neighbouring
// threads cost memory, and what one launch saves where there were three. **You need** chapter 1.4 and no GPU: without one the kernels run on the host, where
// detectors look at every access. **About 80 minutes.**
//
// The next cell takes three operations of one token, each array operation a launch of its own, and then each as one kernel.

// %%
Fusions.of(model().config()).chart()

// %% [markdown]
// Each bar is what the memory moves. The arithmetic is the same; what goes away are intermediate arrays that one launch writes and the
// next reads. The numbers in brackets are launches: on a GPU each costs some microseconds, whatever it does.

// %% [markdown]
// ## Predict
//
// 32 threads of a *SIMD group* load one float each, in one instruction. If they are neighbours in memory, that is 128 bytes in one piece: one
// *transaction*. **How many transactions of 128 bytes are it when thread $t$ loads element $32 \cdot t$?**

// %%
predict("4.5 stride", 8, "transactions")

// %% [markdown]
// ## The idea, small
//
// You write what *one* thread does. The launch says how many threads there are: the **grid**, cut into **threadgroups**, and these into
// **SIMD groups** of 32 that run in step.
//
// $$i = g \cdot T + t$$
//
// | symbol | word in Metal | what it is |
// |---|---|---|
// | $i$ | `thread_position_in_grid` | which thread of all |
// | $g$ | `threadgroup_position_in_grid` | which threadgroup |
// | $T$ | `threads_per_threadgroup` | threads of a threadgroup, at most 1,024 |
// | $t$ | `thread_index_in_threadgroup` | which thread of its group |
// | | `simdgroup_index_in_threadgroup` | $\lfloor t / 32 \rfloor$, which SIMD group |
// | | `thread_index_in_simdgroup` | $t \bmod 32$, the *lane* |
//
// Here 256 threads in groups of 64 write who they are. Change the group's size, or the thread that is printed.

// %%
var who = MetalKernel.of("""
        uint i = thread_position_in_grid.x;
        out[i * 4] = threadgroup_position_in_grid.x;
        out[i * 4 + 1] = thread_index_in_threadgroup;
        out[i * 4 + 2] = simdgroup_index_in_threadgroup;
        out[i * 4 + 3] = thread_index_in_simdgroup;
        """).inputs().outputs("out");
Tensor told = who.run(Launch.grid(256).group(64).output(DType.I32, 256, 4)).getFirst();
Tables.of("thread 0, 37, 100, 255", told.take(new int[] {0, 37, 100, 255}, 0).astype(DType.F32),
        List.of("threadgroup", "t", "SIMD group", "lane"))

// %% [markdown]
// ## Exercise 1: one thread, one element
//
// **axpy** is $a \cdot x + y$. The body gets its inputs by name: `a` is a number, `x` and `y` point to $n$ floats, `out` to the result, and `x_shape[0]` is
// $n$. The grid is $n$ rounded up to whole threadgroups of 64. Write the text in place of the `todo` line.

// %% exercise="4.5 axpy"
class MyAxpy implements KernelText {
    /** a, x [n], y [n] -> out [n] */
    public String text() {
        return """
                uint i = thread_position_in_grid.x;
                // BEGIN SOLUTION void: out[i] = a x[i] + y[i], and only where x has an element i
                if (i < uint(x_shape[0])) {
                  out[i] = a * x[i] + y[i];
                }
                // END SOLUTION
                """;
    }
}

// %% wrong="4.5 axpy"
class MyAxpy implements KernelText {
    public String text() {
        return """
                uint i = thread_position_in_grid.x;
                out[i] = a * x[i] + y[i];
                """;
    }
}

// %%
check("4.5 axpy", MyAxpy::new)

// %%
// hint("4.5 axpy");
// solution("4.5 axpy");

// %% [markdown]
// ## Exercise 2: a threadgroup meets
//
// In a **softmax** every element needs the whole row's largest value and sum. One threadgroup of 128 threads takes one row. Thread $t$ goes through
// the elements $t, t + 128, \dots$; `simd_max(v)` and `simd_sum(v)` then combine the 32 lanes of a SIMD group without memory.
//
// The four SIMD groups meet in `partial`, which is *threadgroup memory*: lane 0 of each writes one place, then
// `threadgroup_barrier(mem_flags::mem_threadgroup);` lets nobody pass until all have written. Every thread must reach it.

// %% exercise="4.5 softmax"
class MySoftmaxKernel implements KernelText {
    /** x [rows, n] -> out [rows, n]; 128 threads for each row. */
    public String text() {
        return """
                threadgroup float partial[4];
                uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
                uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup;
                uint group = simdgroup_index_in_threadgroup;
                // BEGIN SOLUTION void: the largest value of the row, the sum of exp(x - largest), then the quotients
                float most = -INFINITY;
                for (uint i = t; i < n; i += 128) {
                  most = max(most, x[row * n + i]);
                }
                most = simd_max(most);
                if (lane == 0) {
                  partial[group] = most;
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                most = max(max(partial[0], partial[1]), max(partial[2], partial[3]));
                threadgroup_barrier(mem_flags::mem_threadgroup);
                float sum = 0;
                for (uint i = t; i < n; i += 128) {
                  sum += exp(x[row * n + i] - most);
                }
                sum = simd_sum(sum);
                if (lane == 0) {
                  partial[group] = sum;
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                sum = partial[0] + partial[1] + partial[2] + partial[3];
                for (uint i = t; i < n; i += 128) {
                  out[row * n + i] = exp(x[row * n + i] - most) / sum;
                }
                // END SOLUTION
                """;
    }
}

// %% wrong="4.5 softmax"
class MySoftmaxKernel implements KernelText {
    public String text() {
        return """
                threadgroup float partial[4];
                uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
                uint t = thread_index_in_threadgroup;
                float sum = 0;
                for (uint i = t; i < n; i += 128) {
                  sum += exp(x[row * n + i]);
                }
                partial[simdgroup_index_in_threadgroup] = simd_sum(sum);
                sum = partial[0] + partial[1] + partial[2] + partial[3];
                for (uint i = t; i < n; i += 128) {
                  out[row * n + i] = exp(x[row * n + i]) / sum;
                }
                """;
    }
}

// %%
check("4.5 softmax", MySoftmaxKernel::new)

// %%
// hint("4.5 softmax");
// solution("4.5 softmax");

// %% [markdown]
// ## Exercise 3: two operations, one launch
//
// A block adds its result to the residual stream, and the next one normalises the sum. **Fused**, both are one launch with two outputs: `sum` is
// $x + residual$, `out` its RMSNorm, $\frac{v}{\sqrt{\text{mean}(v^2) + \varepsilon}} \cdot w$. `rsqrt(v)` is $1/\sqrt{v}$. A thread may read back
// what it wrote itself without a barrier.

// %% exercise="4.5 rmsnorm"
class MyNormKernel implements KernelText {
    /** x, residual [rows, n], weight [n], eps -> sum, out [rows, n]; 128 threads for each row. */
    public String text() {
        return """
                threadgroup float partial[4];
                uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
                uint t = thread_index_in_threadgroup;
                // BEGIN SOLUTION void: write sum; the row's squares, all four SIMD groups of them; then out
                float squares = 0;
                for (uint i = t; i < n; i += 128) {
                  float v = x[row * n + i] + residual[row * n + i];
                  sum[row * n + i] = v;
                  squares += v * v;
                }
                squares = simd_sum(squares);
                if (thread_index_in_simdgroup == 0) {
                  partial[simdgroup_index_in_threadgroup] = squares;
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                float mean = (partial[0] + partial[1] + partial[2] + partial[3]) / float(n);
                float scale = rsqrt(mean + eps);
                for (uint i = t; i < n; i += 128) {
                  out[row * n + i] = sum[row * n + i] * scale * weight[i];
                }
                // END SOLUTION
                """;
    }
}

// %% wrong="4.5 rmsnorm"
class MyNormKernel implements KernelText {
    public String text() {
        return """
                uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
                uint t = thread_index_in_threadgroup;
                float squares = 0;
                for (uint i = t; i < n; i += 128) {
                  float v = x[row * n + i] + residual[row * n + i];
                  sum[row * n + i] = v;
                  squares += v * v;
                }
                float scale = rsqrt(simd_sum(squares) / float(n) + eps);
                for (uint i = t; i < n; i += 128) {
                  out[row * n + i] = sum[row * n + i] * scale * weight[i];
                }
                """;
    }
}

// %%
check("4.5 rmsnorm", MyNormKernel::new)

// %%
// hint("4.5 rmsnorm");
// solution("4.5 rmsnorm");

// %% [markdown]
// ## Exercise 4: a grid of three dimensions
//
// **RoPE** turns each pair of a head's elements by an angle (chapter 1.2). One thread turns one pair: `x` counts pairs, `y` rows, `z` heads. $x$ is
// `[heads, rows, dim]`, the partner of element `pair` is `pair + dim / 2`, and the angle is $(\text{offset} + row) \cdot \theta^{-2 \cdot pair / dim}$. The
// grid is rounded up to 32 along x and to 4 along y.

// %% exercise="4.5 rope"
class MyRopeKernel implements KernelText {
    /** x [heads, rows, dim], offset, theta -> out [heads, rows, dim]. */
    public String text() {
        return """
                uint pair = thread_position_in_grid.x, row = thread_position_in_grid.y, head = thread_position_in_grid.z;
                uint rows = uint(x_shape[1]), dim = uint(x_shape[2]);
                // BEGIN SOLUTION void: guard both; the angle with exp2, log2, cos, sin; both elements of the pair
                if (pair < dim / 2 && row < rows) {
                  float frequency = exp2(-2.0f * float(pair) / float(dim) * log2(theta));
                  float angle = float(offset + int(row)) * frequency;
                  float c = cos(angle), s = sin(angle);
                  uint first = (head * rows + row) * dim + pair, second = first + dim / 2;
                  float u = x[first], v = x[second];
                  out[first] = u * c - v * s;
                  out[second] = u * s + v * c;
                }
                // END SOLUTION
                """;
    }
}

// %%
check("4.5 rope", MyRopeKernel::new)

// %%
// hint("4.5 rope");
// solution("4.5 rope");

// %% [markdown]
// ## Exercise 5: SwiGLU
//
// Three array operations (sigmoid, two products) become one line. $\text{out} = \text{silu}(gate) \cdot up$ with $\text{silu}(g) = g / (1 + e^{-g})$; the
// grid is $n$ rounded up to 256.

// %% exercise="4.5 swiglu"
class MySwiGluKernel implements KernelText {
    /** gate, up [n] -> out [n] */
    public String text() {
        return """
                uint i = thread_position_in_grid.x;
                // BEGIN SOLUTION void: out[i] = silu(gate[i]) up[i], where gate has an element i
                if (i < uint(gate_shape[0])) {
                  float g = gate[i];
                  out[i] = g / (1.0f + exp(-g)) * up[i];
                }
                // END SOLUTION
                """;
    }
}

// %%
check("4.5 swiglu", MySwiGluKernel::new)

// %%
// hint("4.5 swiglu");
// solution("4.5 swiglu");

// %% [markdown]
// ## Exercise 6: a product, tile by tile
//
// $y = x \cdot w^\top$: every row of $x$ meets every row of $w$, so every value is needed many times. A threadgroup of 16 × 16 threads computes 16 × 16
// results and reads $K$ in steps of 16: each thread loads *one* value of $x$ and one of $w$ into threadgroup memory, and then uses 32 from there. Where a
// tile hangs over an edge, it holds zeros.

// %% exercise="4.5 linear"
class MyLinearKernel implements KernelText {
    /** x [M, K], w [N, K] -> y [M, N]; 16 x 16 threads, the grid is (N, M) rounded up. */
    public String text() {
        return """
                threadgroup float xs[16][16];
                threadgroup float ws[16][16];
                uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
                uint c = thread_position_in_threadgroup.x, r = thread_position_in_threadgroup.y;
                uint m0 = threadgroup_position_in_grid.y * 16, n0 = threadgroup_position_in_grid.x * 16;
                // BEGIN SOLUTION void: for each 16 of K load two tiles, meet, add 16 products, meet; then y[m0 + r][n0 + c]
                float sum = 0;
                for (uint k0 = 0; k0 < K; k0 += 16) {
                  xs[r][c] = m0 + r < M && k0 + c < K ? x[(m0 + r) * K + k0 + c] : 0.0f;
                  ws[r][c] = n0 + r < N && k0 + c < K ? w[(n0 + r) * K + k0 + c] : 0.0f;
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                  for (uint k = 0; k < 16; ++k) {
                    sum += xs[r][k] * ws[c][k];
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

// %%
check("4.5 linear", MyLinearKernel::new)

// %%
// hint("4.5 linear");
// solution("4.5 linear");

// %% [markdown]
// ## Plug it in
//
// The model's last norm, the one before its output layer, is now a launch of your kernel, for every token. On the host run each launch is a process,
// which is why the other norms stay the library's; on a GPU the very same text is compiled for it.

// %%
String norm() { return KernelSources.of("4.5 rmsnorm", MyNormKernel::new); } // your text as it is now
chat(KernelSources.withLastNorm(model(), norm()), "Name three planets.", quick() ? 3 : 12)

// %% [markdown]
// ## See
//
// Your guess first. The host run counts, for each instruction, how many segments of 128 bytes the 32 lanes touch.

// %%
var strides = Coalescing.of(1, 2, 4, 8, 16, 32);
show(strides.table());
strides.chart("4.5 stride")

// %% [markdown]
// Who touches what: each line is the row of 256 elements that your softmax reads, and each colour a lane of the first SIMD group. At the first moment
// the lanes read elements 0 to 31, at the second 128 to 159; the other three SIMD groups take what lies between. Had each thread a *piece* of the row to
// itself, as one would write it for a CPU, every moment would touch all segments.

// %%
String softmax() { return KernelSources.of("4.5 softmax", MySoftmaxKernel::new); }
Coalescing.touches("Neighbours read neighbours", MetalKernel.of(softmax()).inputs("x").outputs("out"),
        Launch.grid(128).group(128).output(DType.F32, 1, 256), 0, 2, 256, Tensor.normal(1, 1, 256))

// %% [markdown]
// Now the chapter's first picture, with your kernels. Norms and activations compute almost nothing for each byte, so what they save in bytes is what
// they save in time.

// %%
{
    var fused = Fusions.of(model().config()).with("4.5 rmsnorm", MyNormKernel::new)
        .with("4.5 rope", MyRopeKernel::new).with("4.5 swiglu", MySwiGluKernel::new);
    show(fused.table());
    show(fused.chart());
}

// %% [markdown]
// The words you have used, beside CUDA's. The ideas are the same; this lab runs your text on NVIDIA's GPUs through a header of names.

// %%
MetalWords.of(KernelSources.of("4.5 axpy", MyAxpy::new), softmax(), norm(), KernelSources.of("4.5 linear", MyLinearKernel::new))

// %% [markdown]
// ## Measure
//
// One thread for each row, your kernel, the library's, and MLX's where there is a GPU. On the host run they are compared by what they ask memory
// for; the ceiling is every byte once. The seconds of a host run say nothing about a GPU, so none are shown. Your best is kept.

// %%
challenge("4.5 rmsnorm", MyNormKernel::new)

// %% [markdown]
// ## Where real systems differ
//
// - **MLX** fuses elementwise operations by itself: `mx.compile` writes a kernel out of them; `fast::rms_norm` and `fast::rope` are written by hand, like
//   yours.
// - **vLLM** has `fused_add_rms_norm` and `silu_and_mul` in CUDA, and lets `torch.compile` find the rest; **SGLang** takes FlashInfer's.
// - **llama.cpp** looks for patterns in its graph (`rms_norm` followed by `mul`) and picks the fused kernel in `ggml-metal.m`.
// - **Wider loads.** `float4` moves 16 bytes per lane and instruction: fewer instructions, the same transactions. `metal/axpy.metal` has it beside yours.
// - A real matrix product uses `simdgroup_float8x8` and larger tiles: chapter 2.3b.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. n is 1,000 and a threadgroup has 256 threads. How many threadgroups, and how many threads do nothing?</summary>
// Four threadgroups, 1,024 threads, 24 do nothing.
// </details>
//
// <details><summary>2. Why must a barrier not stand inside of an if that some threads of the group don't take?</summary>
// It waits for all threads of the group. Those that went around it never come, and a GPU hangs or goes on with half-written memory.
// </details>
//
// <details><summary>3. simd_sum needs no barrier. Why?</summary>
// The 32 lanes run in step and read each other's registers: no memory is written that anyone could read too early.
// </details>
//
// <details><summary>4. One token, 4,864 channels, SwiGLU in float32: how many bytes does one kernel move, and how many do three launches?</summary>
// Fused: two arrays read, one written, 3 · 4,864 · 4 = 58 kB. Three launches: 2 + 3 + 3 = 8 arrays, 156 kB.
// </details>
//
// <details><summary>5. The tile kernel loads a value into threadgroup memory. How often is each used?</summary>
// 16 times: by the 16 threads of its row (x) or its column (w). So device memory is read a sixteenth as often as without tiles.
// </details>
//
// <details><summary>6. Two threadgroups write the same element of out. Is a barrier the cure?</summary>
// No: a barrier orders the threads of one group. Threadgroups run in any order; give each element one owner.
// </details>
//
// <details><summary>7. Your kernel gave the right numbers, and the check still refused it for a race. Why?</summary>
// The host run happened to take an order in which it went well. A GPU takes another one each time.
// </details>

// %% [markdown]
// ## Further
//
// - Apple, *Metal Shading Language Specification*, chapters 4 (address spaces), 5 (attributes) and 6.9 (synchronisation)
// - Harris, *Optimizing Parallel Reduction in CUDA* (2007)
// - MLX's documentation, *Custom Metal Kernels*
// - NVIDIA, *CUDA C++ Programming Guide*, chapter on memory coalescing

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [2.3a Quantized matvec on a GPU](23a-quantized-matvec-gpu.ipynb), where the weights of a product come in 4 bits. Your progress so far:

// %%
progress()
