// %% [markdown]
// # 4.6 Profiling
//
// Where does a token's time go, and how much of it could be saved? **You will build** a stopwatch that can be trusted, the counts of operations
// and bytes behind each operation, and the roofline that says what a machine can reach. **You will see** every operation of a real step under
// that roof. **You need** chapter 2.1. **About 60 minutes.**
//
// Run the next cell: one step of decode, operation after operation.

// %% tags=["thumbnail"]
var atBest = StepProfile.ceiling(); // this machine's operations and bytes per second, measured
StepProfile.of(model(), new LeastWork(), new Roof(), atBest).step(1, quick() ? 16 : 128).timeline()

// %% [markdown]
// A row is a kind of operation, a bar one run of it, layer after layer. The widest bars are worth your time; for the others it makes no
// difference how clever you are.

// %% [markdown]
// ## Predict
//
// *Attention Is All You Need* is the paper's title. **How many percent of a decode step's time does attention itself take** (scores, softmax, mean of the
// values; not the projections), after 128 tokens?

// %%
predict("4.6 attention", 30, "%")

// %% [markdown]
// ## The idea, small
//
// First a trap. How fast is this machine's matrix product, 512 × 512? It takes $2 \cdot 512^3$ operations:

// %%
{
    Tensor a = Tensor.normal(1, 512, 512).eval();
    long start = System.nanoTime();
    Tensor product = a.matmul(a);
    System.out.println("%,.0f GFLOP/s".formatted(2 * Math.pow(512, 3) / (System.nanoTime() - start)));
}

// %% [markdown]
// No machine in your room does that. Nothing was computed: `product` is a promise (chapter 0.1). Time is honest only around `eval()`.
//
// Then the question what a good time *would* be. An operation that does $F$ floating-point operations on $B$ bytes of memory needs at least
//
// $$t \ge \max\!\left(\frac{F}{\text{operations per second}},\; \frac{B}{\text{bytes per second}}\right)$$
//
// since both go on at once. $F / B$, operations per byte, decides which of the two it is. One matrix `[4864, 896]` in float32, for one
// token and for 128:

// %%
for (int tokens : new int[] {1, 128}) {
    Work w = new LeastWork().linear(tokens, 896, 4864, 32);
    System.out.println("%3d tokens: %.1f MFLOP, %.1f MB, %.1f operations per byte; memory %.2f ms, arithmetic %.2f ms".formatted(
            tokens, w.flops() / 1e6, w.bytes() / 1e6, w.intensity(), 1e3 * w.bytes() / atBest.bytesPerSecond(),
            1e3 * w.flops() / atBest.flopsPerSecond()));
}

// %% [markdown]
// ## Exercise 1: a stopwatch
//
// The **median of several runs, after one that doesn't count**. The first run loads, compiles and finds pages; a mean is pulled up by
// a single disturbed run. `operation.get()` gives a tensor that may not be computed yet. `clock` counts nanoseconds: read it right before and
// right after each run. `runs` is odd.

// %% exercise="4.6 stopwatch"
class MyStopwatch implements StopwatchFn {
    public double seconds(Supplier<Tensor> operation, int runs, LongSupplier clock) {
        // BEGIN SOLUTION warm up, then time each run until its result is computed; the middle one of the sorted times
        operation.get().eval();
        long[] nanos = new long[runs];
        for (int i = 0; i < runs; i++) {
            long begun = clock.getAsLong();
            operation.get().eval();
            nanos[i] = clock.getAsLong() - begun;
        }
        Arrays.sort(nanos);
        return nanos[runs / 2] / 1e9;
        // END SOLUTION
    }
}

// %% wrong="4.6 stopwatch"
class MyStopwatch implements StopwatchFn {
    public double seconds(Supplier<Tensor> operation, int runs, LongSupplier clock) {
        operation.get();
        long[] nanos = new long[runs];
        for (int i = 0; i < runs; i++) {
            long begun = clock.getAsLong();
            operation.get();
            nanos[i] = clock.getAsLong() - begun;
        }
        Arrays.sort(nanos);
        return nanos[runs / 2] / 1e9;
    }
}

// %%
check("4.6 stopwatch", MyStopwatch::new)

// %%
// hint("4.6 stopwatch");
// solution("4.6 stopwatch");

// %% [markdown]
// ## Exercise 2: count the work
//
// Count what *has* to be done, whoever does it. A multiply and an add are two operations. Every weight, key and value passes once, however
// many tokens of the step use it; activations (what goes in, what comes out) are float32. Causal: token $i$ of $L$ sees the cache and $i + 1$
// tokens of its own step. `new Work(flops, bytes)` takes doubles; a product of ints overflows.

// %% exercise="4.6 work"
class MyWork implements WorkFn {
    /** [L, in] times weights [out, in]. */
    public Work linear(int tokens, int in, int out, double bitsPerWeight) {
        // BEGIN SOLUTION two operations per weight and token; weights once, activations in and out
        double weights = (double) in * out;
        return new Work(2 * weights * tokens, weights * bitsPerWeight / 8 + 4.0 * tokens * (in + out));
        // END SOLUTION
    }

    /** L tokens over the cache and themselves; kvBytes is the size of one number of a key or value. */
    public Work attention(int tokens, int cached, int heads, int kvHeads, int headDim, int kvBytes) {
        // BEGIN SOLUTION pairs of query and key, four operations per number of a head; keys and values, queries and results
        double pairs = (double) tokens * cached + tokens * (tokens + 1.0) / 2;
        double keysAndValues = 2.0 * (cached + tokens) * kvHeads * headDim * kvBytes;
        return new Work(4.0 * heads * headDim * pairs, keysAndValues + 8.0 * tokens * heads * headDim);
        // END SOLUTION
    }
}

// %% wrong="4.6 work"
class MyWork implements WorkFn {
    public Work linear(int tokens, int in, int out, double bitsPerWeight) {
        double weights = (double) in * out;
        return new Work(2 * weights * tokens, weights * tokens * bitsPerWeight / 8 + 4.0 * tokens * (in + out));
    }

    public Work attention(int tokens, int cached, int heads, int kvHeads, int headDim, int kvBytes) {
        double pairs = (double) tokens * cached + tokens * (tokens + 1.0) / 2;
        double keysAndValues = 2.0 * (cached + tokens) * kvHeads * headDim * kvBytes;
        return new Work(4.0 * heads * headDim * pairs, keysAndValues + 8.0 * tokens * heads * headDim);
    }
}

// %%
check("4.6 work", MyWork::new)

// %%
// hint("4.6 work");
// solution("4.6 work");

// %% [markdown]
// ## Exercise 3: the roofline
//
// The formula above as code: the shortest time for some work on some machine, and whether memory is what limits it.

// %% exercise="4.6 roofline"
class MyRoof implements RoofFn {
    public double seconds(Work work, double flopsPerSecond, double bytesPerSecond) {
        // BEGIN SOLUTION the longer one of two times
        return Math.max(work.flops() / flopsPerSecond, work.bytes() / bytesPerSecond);
        // END SOLUTION
    }

    public boolean memoryBound(Work work, double flopsPerSecond, double bytesPerSecond) {
        // BEGIN SOLUTION which of the two it is
        return work.bytes() / bytesPerSecond > work.flops() / flopsPerSecond;
        // END SOLUTION
    }
}

// %% wrong="4.6 roofline"
class MyRoof implements RoofFn {
    public double seconds(Work work, double flopsPerSecond, double bytesPerSecond) {
        return work.flops() / flopsPerSecond + work.bytes() / bytesPerSecond;
    }

    public boolean memoryBound(Work work, double flopsPerSecond, double bytesPerSecond) {
        return work.bytes() / bytesPerSecond > work.flops() / flopsPerSecond;
    }
}

// %%
check("4.6 roofline", MyRoof::new)

// %%
// hint("4.6 roofline");
// solution("4.6 roofline");

// %% [markdown]
// ## Plug it in
//
// Your stopwatch measures the flat part of the roof: a large product, which BLAS computes as well as anything here can. The slope, bytes per
// second, is the speed at which all cores together add up a long array.

// %%
{
    Tensor large = Tensor.normal(1, 1024, 1024).eval();
    double flops = 2 * Math.pow(1024, 3) / new MyStopwatch().seconds(() -> large.matmul(large), 5, System::nanoTime);
    System.out.println("by your stopwatch %.0f GFLOP/s, by the library's %.0f; memory gives %.1f GB/s".formatted(
            flops / 1e9, atBest.flopsPerSecond() / 1e9, atBest.bytesPerSecond() / 1e9));
    System.out.println("the roof has its corner at %.1f operations per byte".formatted(flops / atBest.bytesPerSecond()));
}

// %% [markdown]
// Now a step of the real model: a stopwatch around each operation of each layer, your counts for its work, your roof for its best time. The
// model is in float32, with week 1's parts; with `model().withMine()` it would be your softmax that is timed.

// %%
{
    var decode = StepProfile.of(model(), new MyWork(), new MyRoof(), atBest).step(1, quick() ? 16 : 128);
    show(decode.chart());
    show(decode.table());
    var guess = prediction("4.6 attention").map(p -> "%.0f %%".formatted(p.guess())).orElse("none");
    System.out.println("attention takes %.1f %% of the step; your guess: %s".formatted(
            100 * decode.ms("attention") / decode.ms(), guess));
}

// %% [markdown]
// ## See: decode and prefill under one roof
//
// The same operations for a whole prompt in one step. The weights are read once for all its tokens, so each point moves to the right.

// %%
{
    var mine = StepProfile.of(model(), new MyWork(), new MyRoof(), atBest);
    var prefill = mine.step(quick() ? 16 : 128, 0);
    show(StepProfile.roofline(mine.step(1, quick() ? 16 : 128), prefill).chart());
    show(prefill.chart());
}

// %% [markdown]
// A point on the slope is limited by bytes; only fewer bytes, or faster memory, help. A point under the flat part is limited by arithmetic. A point
// *far* below the roof is limited by neither: overhead, bad access, one core instead of two. Attention is mostly there, many
// small products that no BLAS likes, which is what chapter 2.4 is about.

// %% [markdown]
// ## See: fewer bytes
//
// The same model with its weights as the file stores them, in 4 to 8 bits, on this library's own kernels (chapter 2.2). The points of decode move
// to the right, since a weight is fewer bytes, and the whole step shrinks.

// %%
var packed = Models.load(model().name(), KernelSet.OWN, LoadListener.NONE);

// %%
{
    var mine = StepProfile.of(packed, new MyWork(), new MyRoof(), atBest);
    var decode = mine.step(1, quick() ? 16 : 128);
    show(decode.chart());
    show(StepProfile.roofline(decode, mine.step(quick() ? 16 : 128, 0)).chart());
}

// %% [markdown]
// Those kernels compute with 8-bit integers, which have a roof of their own, above this one of float32 products: a point of prefill may lie
// above the line.

// %% [markdown]
// ## See: many steps, by their own records
//
// One step under a stopwatch is half of the story: a server runs thousands, for many requests at once. So the engine of chapter 2.6 records each step
// itself, in two forms that other tools read: events of the JDK's flight recorder (JFR), for `jfr print` and JDK Mission Control, and a trace
// in Chrome's format, which chrome://tracing and Perfetto show as tracks. Here requests share four slots, and both files are read back.

// %%
{
    var recorded = EngineRecording.of(packed, Requests.mixed(quick() ? 3 : 10, 4, quick() ? 8 : 48), 4);
    show(recorded.table());
    show(recorded.phases());
    show(recorded.pages());
}

// %% [markdown]
// A peak of the upper line is a step that reads a prompt. All that is not the model (choosing tokens, planning, handing text out) is a few
// percent; with sixty requests in a step it would be more, and is worth a look there. `recorded.trace()` says where the trace lies;
// `./lab batch --trace FILE` and `./lab serve --trace FILE` write one too, and `jcmd PID JFR.start` records the events of any running engine.

// %% [markdown]
// ## Measure: what does watching cost?
//
// The stopwatch ends the overlap between operations: each is computed before the next begins. An honest profile says how much longer the watched
// step took than a plain one; medians, the two in turn. The packed model has the shortest operations, so it suffers most.

// %%
{
    var step = StepProfile.of(packed, new MyWork(), new MyRoof(), atBest).step(1, quick() ? 16 : 128);
    System.out.println("watched %.1f ms, plain %.1f ms: %+.1f %%; at the roof it would be %.1f ms".formatted(step.ms(), step.plainMs(),
            100 * (step.ms() / step.plainMs() - 1), step.leastMs()));
}

// %% [markdown]
// Without watching, the model itself is untouched: `timed` wraps its operations and leaves the model as it was, so what nobody watches
// pays nothing.

// %% [markdown]
// ## Where real systems differ
//
// - **On a GPU a clock on the CPU sees only launches.** Tools read counters and time stamps of the device: Nsight Systems and Nsight Compute (NVIDIA),
//   Xcode's Metal debugger, for which MLX writes a trace with `mx.metal.start_capture`. vLLM and SGLang go through `torch.profiler`.
// - **Sampling** instead of wrapping: Linux `perf`, async-profiler and JFR look many times a second where the program is. Nothing is slowed down, and
//   short operations are only seen on average.
// - **One roof per level.** Caches are roofs of their own: an operation whose data fits into L2 may lie above the slope of main memory.
// - **llama-bench** (llama.cpp) keeps prefill and decode apart, as `pp512` and `tg128`, and repeats each five times. So does this lab's
//   `./lab bench`, in a fresh process for each row.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A model of 0.5 billion weights, 4.5 bits each, on a machine with 25 GB/s. How many tokens per second at most?</summary>
// 0.5e9 · 4.5 / 8 = 281 MB per token; 25e9 / 281e6 = 89 tokens/s, the keys and values not counted.
// </details>
//
// <details><summary>2. The same machine does 200 GFLOP/s. From how many tokens per step on is a float32 linear layer bound by arithmetic?</summary>
// The ridge is at 200 / 25 = 8 operations per byte. A weight has 4 bytes and does 2 operations per token: 0.5 per byte and token, so from
// 16 tokens on (a little later, since activations are bytes too). With 4.5 bits per weight: 3.6 operations per byte and token, from 3 tokens on.
// </details>
//
// <details><summary>3. Why the median, and not the mean or the smallest time?</summary>
// Disturbances only ever make a run longer: the mean follows them, the smallest time hides them. The median tells what a user gets.
// </details>
//
// <details><summary>4. A colleague makes the softmax three times faster. The step becomes 1 % faster. What would have told them before?</summary>
// The profile: softmax was 1.5 % of the time, and no speed-up of a part can save more than the part.
// </details>
//
// <details><summary>5. Twice as many cores, the same memory. What happens to prefill and to decode?</summary>
// The flat roof doubles, the slope stays. Prefill nearly halves its time; decode stays as it was once its bytes arrive at full speed.
// </details>
//
// <details><summary>6. An operation lies above the roof. How can that be?</summary>
// Its bytes came from a cache, or the roof was measured in a worse moment (other programs, a colder machine), or the work was counted too high.
// </details>

// %% [markdown]
// ## Further
//
// - Williams, Waterman, Patterson, *Roofline: An Insightful Visual Performance Model for Multicore Architectures* (2009)
// - Yuan et al., *LLM Inference Unveiled: Survey and Roofline Model Insights* (2024)
// - Hoefler, Belli, *Scientific Benchmarking of Parallel Computing Systems* (2015): twelve ways to measure wrongly
// - *JMH samples*, OpenJDK: what goes wrong when Java is timed

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [2.2 Quantized matmul](22-quantized-matmul-cpu.ipynb), where decode's bytes become an eighth. Your progress:

// %%
progress()
