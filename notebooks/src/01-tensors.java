// %% [markdown]
// # 0.1 Tensors
//
// A model is a few hundred arrays of numbers and a handful of operations on them. **You will build** the four that everything rests on:
// a matrix product, broadcasting, an exchange of axes and a softmax that doesn't overflow. **You will see** what an axis is, what MLX
// computes and when, and where memory goes. **You need** Java and chapter 0. **About 75 minutes** (an estimate).
//
// Run the next cell: the last layer of a real model, computed by three Java loops.

// %%
var text = "The capital of France is";
OutputLayer.of(model(), text, LoopMatmul::new, RowSoftmax::new).chart()

// %% [markdown]
// The model has read the text and holds one list of numbers. A matrix product makes a score, called **logit**, for each token that could
// come next (all of them are the model's **vocabulary**), and a softmax makes probabilities of the scores. By the end of this chapter both will be yours.

// %% [markdown]
// ## Predict
//
// Chapter 0's report says how many GFLOP/s (billion additions and multiplications a second) this machine's matrix product reaches.
// **How many will three nested Java loops reach?** Guess before you write them.

// %%
predict("0.1 loops", 5, "GFLOP/s")

// %% [markdown]
// ## The idea, small: a shape over a line of numbers
//
// A **tensor** is a line of numbers and a **shape** that says how to count along it. `[2, 3, 4]` has three **axes**: two sheets of three
// rows of four numbers. In a language model an axis means something: which text of a batch, which token, which feature.

// %%
Axes.of(Tensor.arange(24).reshape(2, 3, 4), "text", "token", "feature")

// %% [markdown]
// The last axis lies side by side in memory: this order is called **row-major**. Entry $(t, i, j)$ stands at place $12 t + 4 i + j$; the
// numbers 12, 4 and 1 are the **strides**. Change the shape below to `(4, 6)`: the line stays, only the counting changes.

// %%
Tensor t = Tensor.arange(24).reshape(2, 3, 4);
show(t.dim(-1));        // axes are also counted from the end: -1 is the last
show(t.at(1, 2));       // text 1, token 2: its four features
t.sum(-1)               // an operation along the last axis: [2, 3, 4] -> [2, 3]

// %% [markdown]
// ## Exercise 1: matrix product
//
// $$\text{out}_{ij} = \sum_{p=0}^{K-1} a_{ip}\, b_{pj}$$
//
// Row $i$ of $a$ `[M, K]` meets column $j$ of $b$ `[K, N]`; the result is `[M, N]`. On a page:
//
// $$\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \begin{pmatrix} 5 & 6 \\ 7 & 8 \end{pmatrix} = \begin{pmatrix} 1 \cdot 5 + 2 \cdot 7 & 22 \\ 43 & 50 \end{pmatrix}$$
//
// Write it over plain arrays, row-major: $a_{ip}$ is `a[i * k + p]`. Don't care about speed yet.

// %% exercise="0.1 matmul"
class MyMatmul implements MatmulFn {
    /** a [M, K], b [K, N] -> [M, N], all row-major in one array each. */
    public float[] matmul(float[] a, float[] b, int m, int k, int n) {
        // BEGIN SOLUTION three loops: choose the entry (i, j), then sum over p
        float[] out = new float[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                float sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += a[i * k + p] * b[p * n + j];
                }
                out[i * n + j] = sum;
            }
        }
        return out;
        // END SOLUTION
    }
}

// %% wrong="0.1 matmul"
class MyMatmul implements MatmulFn {
    public float[] matmul(float[] a, float[] b, int m, int k, int n) {
        float[] out = new float[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int p = 0; p < k; p++) {
                    out[i * n + j] += a[i * k + p] * b[j * k + p];
                }
            }
        }
        return out;
    }
}

// %%
check("0.1 matmul", MyMatmul::new)

// %%
// hint("0.1 matmul");
// solution("0.1 matmul");

// %% [markdown]
// ## Exercise 2: broadcasting
//
// `[4, 3]` plus `[3]` is allowed: the row is used for every row. The rule has three lines. Align the shapes at their **last** axes; a
// missing axis counts as 1; sizes must be equal, or one of them is 1 and **stretches**. Anything else is an error.

// %%
Tensor table = Tensor.arange(12).reshape(4, 3).astype(DType.F32);
show(table.add(Tensor.of(new float[] {10, 20, 30})));   // [4, 3] + [3]
table.div(table.sumKeep(-1).add(1))                     // [4, 3] / [4, 1]: sumKeep keeps the axis, with size 1

// %% [markdown]
// Write both halves. `shape` finds the common shape, or throws an `IllegalArgumentException`. `stretch` copies values into that shape,
// so you need to know for each place of the result which value belongs there: take its index axis by axis, from the last one back, and
// let an axis of size 1 stay at 0.

// %% exercise="0.1 broadcasting"
class MyBroadcast implements BroadcastFn {
    /** [4, 3] and [3] -> [4, 3]; [4, 3] and [4] throw an IllegalArgumentException. */
    public int[] shape(int[] a, int[] b) {
        // BEGIN SOLUTION walk back from the last axis; equal, or one of the two is 1
        int[] out = new int[Math.max(a.length, b.length)];
        for (int back = 1; back <= out.length; back++) {
            int x = back <= a.length ? a[a.length - back] : 1;
            int y = back <= b.length ? b[b.length - back] : 1;
            if (x != y && x != 1 && y != 1) {
                throw new IllegalArgumentException(x + " and " + y + " don't fit");
            }
            out[out.length - back] = Math.max(x, y);
        }
        return out;
        // END SOLUTION
    }

    /** Row-major values of shape `from`, repeated until they fill the shape `to`. */
    public float[] stretch(float[] values, int[] from, int[] to) {
        // BEGIN SOLUTION for each place of the result find the place that is read
        float[] out = new float[Arrays.stream(to).reduce(1, (x, y) -> x * y)];
        for (int i = 0; i < out.length; i++) {
            int place = 0, stride = 1, rest = i;
            for (int back = 1; back <= from.length; back++) {
                int size = from[from.length - back];
                place += size == 1 ? 0 : rest % to[to.length - back] * stride;
                rest /= to[to.length - back];
                stride *= size;
            }
            out[i] = values[place];
        }
        return out;
        // END SOLUTION
    }
}

// %% wrong="0.1 broadcasting"
class MyBroadcast implements BroadcastFn {
    public int[] shape(int[] a, int[] b) {
        return new Broadcast().shape(a, b);
    }

    public float[] stretch(float[] values, int[] from, int[] to) {
        float[] out = new float[Arrays.stream(to).reduce(1, (x, y) -> x * y)];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[i % values.length];
        }
        return out;
    }
}

// %%
check("0.1 broadcasting", MyBroadcast::new)

// %%
// hint("0.1 broadcasting");
// solution("0.1 broadcasting");

// %% [markdown]
// Nobody copies in earnest: MLX gives a stretched axis the stride **0**, so that a step along it moves nothing. That is your
// `place += 0`.

// %% [markdown]
// ## Exercise 3: reshape or transpose
//
// `reshape` cuts the line of numbers anew and moves nothing. `transpose` gives the axes another order. Both turn `[2, 3]` into `[3, 2]`,
// and the results differ:

// %%
Tensor six = Tensor.arange(6).reshape(2, 3);
show(six.reshape(3, 2));
six.transpose(1, 0)

// %% [markdown]
// An image file holds red, green, blue of the first pixel, then of the next. A network wants all reds, then all greens, then all blues:
// `[H·W·3]` becomes `[3, H, W]`. Write `split`, and `merge` for the way back. `transpose(2, 0, 1)` puts the axis that was 2 first;
// `reshape(-1)` makes one line.

// %% exercise="0.1 reshape or transpose"
class MyPlanes implements PlanesFn {
    /** [H·W·3] -> [3, H, W]. */
    public Tensor split(Tensor line, int height, int width) {
        // BEGIN SOLUTION cut the line as it was written, then bring the colours to the front
        return line.reshape(height, width, 3).transpose(2, 0, 1);
        // END SOLUTION
    }

    /** [3, H, W] -> [H·W·3]. */
    public Tensor merge(Tensor planes) {
        // BEGIN SOLUTION colours back to the last axis, then one line
        return planes.transpose(1, 2, 0).reshape(-1);
        // END SOLUTION
    }
}

// %% wrong="0.1 reshape or transpose"
class MyPlanes implements PlanesFn {
    public Tensor split(Tensor line, int height, int width) {
        return line.reshape(3, height, width);
    }

    public Tensor merge(Tensor planes) {
        return planes.reshape(-1);
    }
}

// %%
check("0.1 reshape or transpose", MyPlanes::new)

// %%
// hint("0.1 reshape or transpose");
// solution("0.1 reshape or transpose");

// %% tags=["thumbnail"]
Photo.sunset(60, 80).planes(new MyPlanes())

// %% [markdown]
// The sun is bright in red and dark in blue, as it should be. This is what the tempting short way gives, `reshape(3, H, W)` alone: it
// has the right shape, raises no error, and every plane is a mixture. Attention heads are cut out of a vector in the same way
// (chapter 1.1), and there nothing on the screen will tell you.

// %%
class OnlyReshaped implements PlanesFn {
    public Tensor split(Tensor line, int height, int width) { return line.reshape(3, height, width); }
    public Tensor merge(Tensor planes) { return planes.reshape(-1); }
}
Photo.sunset(60, 80).planes(new OnlyReshaped())

// %% [markdown]
// ## Exercise 4: a softmax that doesn't overflow
//
// $$\text{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$
//
// Scores become probabilities: positive, and 1 in sum. On paper that is all. In a machine $e^{89}$ is too large for a float, $e^{710}$ for
// a double, and $e^{-1000}$ is 0. Real scores reach such sizes. Run the formula as it stands:

// %%
double[] scores = {1000, 1001, 1002};
double sum = Arrays.stream(scores).map(Math::exp).sum();
Arrays.stream(scores).map(x -> Math.exp(x) / sum).boxed().toList()

// %% [markdown]
// Take one constant $c$ from all scores: $e^{x_i - c} = e^{x_i} / e^{c}$, the factor stands above and below the line, and nothing changes.
// Choose $c$ so that nothing overflows. Then write `logProbability`, $\ln \text{softmax}(x)_i$, without ever forming a probability:
// a probability of $e^{-2000}$ is 0 in a float, but its logarithm is a plain −2000. Whoever rates how well a model guesses a text adds
// up such logarithms (chapter 1.2).

// %% exercise="0.1 softmax"
class MyRowSoftmax implements RowSoftmaxFn {
    /** One row of scores -> as many probabilities; minus infinity gets 0. */
    public float[] softmax(float[] scores) {
        // BEGIN SOLUTION exponentials relative to the largest score, divided by their sum
        float max = max(scores);
        double sum = 0;
        for (float x : scores) sum += Math.exp(x - max);
        float[] out = new float[scores.length];
        for (int i = 0; i < out.length; i++) out[i] = (float) (Math.exp(scores[i] - max) / sum);
        return out;
        // END SOLUTION
    }

    /** The natural logarithm of softmax(scores)[index]. */
    public double logProbability(float[] scores, int index) {
        // BEGIN SOLUTION the score, minus the largest, minus the logarithm of the sum
        float max = max(scores);
        double sum = 0;
        for (float x : scores) sum += Math.exp(x - max);
        return scores[index] - max - Math.log(sum);
        // END SOLUTION
    }
    // BEGIN SOLUTION omit

    private float max(float[] scores) {
        float max = Float.NEGATIVE_INFINITY;
        for (float x : scores) max = Math.max(max, x);
        return max;
    }
    // END SOLUTION
}

// %% wrong="0.1 softmax"
class MyRowSoftmax implements RowSoftmaxFn {
    public float[] softmax(float[] scores) {
        double sum = 0;
        for (float x : scores) sum += Math.exp(x);
        float[] out = new float[scores.length];
        for (int i = 0; i < out.length; i++) out[i] = (float) (Math.exp(scores[i]) / sum);
        return out;
    }

    public double logProbability(float[] scores, int index) {
        return Math.log(softmax(scores)[index]);
    }
}

// %%
check("0.1 softmax", MyRowSoftmax::new)

// %%
// hint("0.1 softmax");
// solution("0.1 softmax");

// %% [markdown]
// ## Plug it in
//
// The first cell again, and now both steps are yours: your product scores every token of the vocabulary, your softmax makes
// probabilities of the scores. The line below the picture compares your scores with the library's. Change the text.

// %%
OutputLayer.of(model(), "Two plus two is", MyMatmul::new, MyRowSoftmax::new).chart()

// %% [markdown]
// ## See: nothing is computed until you look
//
// From here on the arrays are MLX's. An operation on tensors computes **nothing**: it writes down what to do, and gives a promise. Here is
// a softmax over rows, asked for and not computed. The picture is drawn from MLX's own graph, `LazyGraph.of(…).dot()` prints it.

// %%
Tensor x = Tensor.of(new float[][] {{1, 2, 3}, {3, 4, 8}});
Tensor e = x.sub(x.maxKeep(-1)).exp();
Tensor y = e.div(e.sumKeep(-1));
GraphView.of(Map.of("x", x, "e", e, "y", y))

// %% [markdown]
// `Broadcast` is exercise 2: the column of maxima gets stride 0. Now ask for `e` alone. What stood before it is done and forgotten; `y`
// still waits. Values are computed by `eval()`, by printing, and by everything that reads them.

// %%
e.eval();
GraphView.of(Map.of("x", x, "e", e, "y", y))

// %%
show(y);                                  // printing computes
GraphView.of(Map.of("x", x, "e", e, "y", y))

// %% [markdown]
// Two things follow. An error in *values* (a NaN) appears where they are read, not where they were made; errors in *shapes* are
// caught at once. And a measurement that doesn't read its result measures nothing, so `Timing.medianMs` evaluates what it is given;
// `promiseMs` is here to show the mistake.

// %%
Tensor large = Tensor.normal(1, 1024, 1024).eval();
double promiseMs = Timing.promiseMs(() -> large.matmul(large)); // asks, and never looks
double resultMs = Timing.medianMs(() -> large.matmul(large));  // evaluates each result within the time
String.format("promise: %.3f ms, result: %.1f ms", promiseMs, resultMs)

// %% [markdown]
// ## See: where memory goes
//
// **Active** memory is in arrays that somebody can still reach. **Peak** is the most that was ever active; it decides whether a program fits.
// **Cached** memory is free but kept by MLX for the next array, so the system still counts it as used. A `Scope` frees what was made inside.

// %%
{
    var watch = new MemoryWatch();
    Tensor a = Tensor.ones(DType.F32, 2048, 2048);        // 4 Mi numbers of 4 bytes
    watch.note("promised");
    a.eval();
    watch.note("computed");
    Scope.of(() -> {
        Tensor b = a.add(1).mul(a).sqrt().eval();
        watch.note("in the scope");
        return b.sum().eval();
    });
    watch.note("after the scope");
    show(watch.chart());
}

// %% [markdown]
// Three operations made three new arrays: a Java object holds each of them, so MLX can't use their memory again before the scope ends.
// Then they go to the cache, not back to the system. Run the cell again: the new arrays come out of the cache.

// %% [markdown]
// ## Measure
//
// The same product in four ways. First a helping hand for the loops: the **Vector API** names the CPU's wide registers, 4 to 16 floats
// at once. Row $p$ of $b$ is added to row $i$ of the result, times $a_{ip}$, so that memory is read in order.

// %%
import jdk.incubator.vector.*;
class VectorMatmul implements MatmulFn {
    static final VectorSpecies<Float> WIDE = FloatVector.SPECIES_PREFERRED;
    public float[] matmul(float[] a, float[] b, int m, int k, int n) {
        float[] out = new float[m * n];
        int whole = WIDE.loopBound(n);
        for (int i = 0; i < m; i++)
            for (int p = 0; p < k; p++) {
                float factor = a[i * k + p];
                for (int j = 0; j < whole; j += WIDE.length())
                    FloatVector.fromArray(WIDE, b, p * n + j)
                        .fma(FloatVector.broadcast(WIDE, factor), FloatVector.fromArray(WIDE, out, i * n + j))
                        .intoArray(out, i * n + j);
                for (int j = whole; j < n; j++) out[i * n + j] += factor * b[p * n + j];
            }
        return out;
    }
}

// %% [markdown]
// The dashed lines are your guess and the ceiling, what a large product of **BLAS** reaches, the library below `Tensor.matmul`. Each point
// is the median of three runs after a warm-up; with `quick()`, which tests use, there are fewer.

// %%
MatmulCost.of(quick() ? new int[] {32, 128} : new int[] {32, 64, 128, 256, 512})
    .with("my loops", MyMatmul::new)
    .with("i, p, j", RowMatmul::new)
    .with("Vector API", VectorMatmul::new)
    .chart("0.1 loops")

// %% [markdown]
// *i, p, j* is the library's `RowMatmul`, your loops in another order.
//
// Both do the same arithmetic. Yours walks down a column of $b$, a whole row further with every step, and adds to one sum that
// the next step waits for; in the order $i, p, j$ memory is read side by side and the compiler can make vectors of it; how well it does shows in the gap to
// the Vector API. BLAS also cuts the matrices into tiles that stay in the cache and in registers, and uses every core: chapter 2.3 does that by hand.

// %% [markdown]
// ## Where real systems differ
//
// - **MLX** is lazy as here; `mx.compile` also fuses a graph's small operations. **PyTorch** computes at once, and `torch.compile` builds the graph afterwards.
// - **llama.cpp** writes its graph down first (`ggml_cgraph`), gives every intermediate array a place in one buffer, then runs it.
// - **vLLM** and **SGLang** measure peak memory in a trial run and give what is left to the KV cache (chapter 3.1).
// - **Layout is a choice.** GGUF writes shapes with the fastest axis first, safetensors with it last; the bytes can be the same.
// - **Strides instead of copies.** A transpose in MLX or NumPy is a view with other strides; a reshape after it must copy.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A tensor [8, 32, 64] in float32: how many bytes, and how many numbers lie between entry (0, 0, 5) and (1, 0, 5)?</summary>
// 8 · 32 · 64 · 4 = 65,536 bytes. One step along axis 0 is 32 · 64 = 2,048 numbers.
// </details>
//
// <details><summary>2. Multiplications in a product [512, 896] x [896, 4864]? At 100 GFLOP/s, how long does it take?</summary>
// 512 · 896 · 4864 = 2.2 billion, with as many additions: 4.5 GFLOP, so 45 ms.
// </details>
//
// <details><summary>3. What is the shape of [5, 1, 7] plus [3, 1]? Of [5, 7] plus [5]?</summary>
// [5, 3, 7]. The second is an error: 7 meets 5. It takes [5, 1].
// </details>
//
// <details><summary>4. x.reshape(3, 2) and x.transpose(1, 0) of [2, 3] have one shape. When are they equal?</summary>
// Only if the numbers happen to be so, such as all equal: the first keeps the order in memory, the second changes it.
// </details>
//
// <details><summary>5. Why subtract the largest score, and not the mean?</summary>
// A score far above the mean would still overflow. After the largest is taken away nothing is above e^0 = 1, and the sum is at least 1.
// </details>
//
// <details><summary>6. A loop calls matmul a thousand times in a microsecond each. What was measured?</summary>
// Writing down a thousand promises. Read a result, or eval() it, inside the measured time.
// </details>
//
// <details><summary>7. Active memory is 2 GB, cached 1 GB, peak 5 GB. Does the program run on a machine with 4 GB free?</summary>
// No: at one moment 5 GB were needed. The cache could have been given back; the peak could not.
// </details>

// %% [markdown]
// ## Further
//
// - Goto and van de Geijn, *Anatomy of High-Performance Matrix Multiplication* (2008): tiles, caches, registers
// - Harris et al., *Array programming with NumPy* (2020): shapes, strides, broadcasting
// - JEP 508, *Vector API*: the incubating module used above
// - MLX documentation, *Lazy Evaluation*

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md). Next: [0.2 Tokens](02-tokens.ipynb), where text becomes the numbers that
// go into the first of these products. Your progress so far:

// %%
progress()
