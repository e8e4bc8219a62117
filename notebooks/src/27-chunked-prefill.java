// %% [markdown]
// # 2.7 Chunked prefill
//
// A long prompt makes one long step, and everybody who is writing waits for it. **You will build** the budget that cuts prompts into chunks, and the
// scheduler's step around it. **You will see** the gaps between tokens with and without it, and what a smaller chunk costs. **You need** chapter 2.6.
// **About 60 minutes** (an estimate).
//
// Run the next cell: four requests are writing when a long prompt arrives; first it is read whole, then in chunks.

// %% tags=["thumbnail"]
int promptTokens = quick() ? 96 : 384;
var whole = GapRun.of("whole", fastModel(), new Scheduler(), promptTokens, promptTokens);
var chunked = GapRun.of("in chunks of 32", fastModel(), new Scheduler(), promptTokens, 32);
GapRun.gaps("2.7 gap", whole, chunked)

// %% [markdown]
// Each point is a token of those who write; its height is how long they have waited for it. The peak is a step that reads the whole prompt: on their
// screens the text stands still.

// %% [markdown]
// ## Predict
//
// A prompt of 1,000 tokens on a machine that reads 350 tokens/s would stop everybody for three seconds. Yours has 384 tokens. **How many seconds do
// the four wait at worst when it is read in chunks of 32?** Run the cell above again after your guess: it is the dashed line.

// %%
predict("2.7 gap", 0.5, "s")

// %% [markdown]
// ## The idea, small
//
// A step with $R$ decode rows and $C$ tokens of a prompt computes $R + C$ rows. As in chapter 2.6, with $D$ tokens/s of one request alone and $P$
// tokens/s of a long prompt:
//
// $$t(C) = \max\!\left(\frac{1}{D},\; \frac{R + C}{P}\right), \qquad \text{first token after } \left\lceil \frac{N}{C} \right\rceil t(C)$$
//
// $t(C)$ is the gap that those who write see; a prompt of $N$ tokens takes $\lceil N / C \rceil$ such steps. Look for the $C$ that you would choose:

// %%
double D = 20, P = 350;   // tokens per second
int R = 4, N = 384;
for (int C : new int[] {1, 4, 16, 32, 64, 128, 384}) {
    double t = Math.max(1 / D, (R + C) / P);
    System.out.println("chunks of %3d: gap %5.0f ms, first token after %5.1f s".formatted(C, 1000 * t, Math.ceilDiv(N, C) * t));
}

// %% [markdown]
// Tiny chunks waste steps: the weights are read for a handful of rows. Large ones make long gaps. In between is a range in which the first token
// hardly comes later, because the rows are computed anyway.

// %% [markdown]
// ## Exercise 1: the budget
//
// A step passes `stepTokens` at most, the decode rows among them. While somebody decodes, all prompts **together** get `chunkTokens` at most; when
// nobody does, nobody waits, and they get all of the step. `missing[i]` is what prompt i still lacks; the first is served first. **Return each
// prompt's tokens of this step**, 0 where nothing is left.

// %% exercise="2.7 chunks"
class MyChunks implements ChunkFn {
    public int[] chunks(int[] missing, int decodeRows, int stepTokens, int chunkTokens) {
        // BEGIN SOLUTION what is left for prompts, and then one prompt after the other
        int left = stepTokens - decodeRows;
        if (decodeRows > 0) {
            left = Math.min(left, chunkTokens);
        }
        int[] tokens = new int[missing.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = Math.min(missing[i], left);
            left -= tokens[i];
        }
        return tokens;
        // END SOLUTION
    }
}

// %% wrong="2.7 chunks"
class MyChunks implements ChunkFn {
    public int[] chunks(int[] missing, int decodeRows, int stepTokens, int chunkTokens) {
        int left = Math.min(stepTokens - decodeRows, chunkTokens);
        int[] tokens = new int[missing.length];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = Math.min(missing[i], left);
            left -= tokens[i];
        }
        return tokens;
    }
}

// %%
check("2.7 chunks", MyChunks::new)

// %%
// hint("2.7 chunks");
// solution("2.7 chunks");

// %% [markdown]
// ## Exercise 2: the step
//
// Chapter 2.6's `plan` once more, with two kinds of running requests: those that are `decoding()`, and those whose prompt is half read. Two helpers
// first:
//
// - `tokens`: 1 for each that decodes, its chunk for each other (`new FirstPromptFirst()` is the library's exercise 1; put `new MyChunks()` in its
//   place).
// - `pages`: the pages that these tokens take, the sum of `pagesFor(tokens[i], pageTokens)`.
//
// Then `plan`:
//
// 1. **Leave.** While the pages of those who run are more than are free, the newest leaves.
// 2. **Join**, unless somebody left: `HeadOfQueue` with the places, `Integer.MAX_VALUE` as budget, and the free pages less the spare ones and less
//    what is *promised*: `pagesFor(1, …)` for each that decodes, `pagesFor(missing() + 1, …)` for each that is half read.
// 3. **Tokens** of all of them together. Who joins but got 0 stays in the queue.

// %% exercise="2.7 scheduler"
class MyChunkedScheduler implements SchedulerStep {
    int[] tokens(List<Sequence> sequences, SchedulerPolicy policy) {
        // BEGIN SOLUTION 1 for each that decodes, a chunk for the others
        int[] missing = sequences.stream().filter(s -> !s.decoding()).mapToInt(Sequence::missing).toArray();
        int[] chunks = new FirstPromptFirst().chunks(missing, sequences.size() - missing.length,
            policy.stepTokens(), policy.chunkTokens());
        var next = Arrays.stream(chunks).iterator();
        return sequences.stream().mapToInt(s -> s.decoding() ? 1 : next.next()).toArray();
        // END SOLUTION
    }

    int pages(List<Sequence> sequences, int[] tokens, int pageTokens) {
        // BEGIN SOLUTION the sum of pagesFor
        return IntStream.range(0, tokens.length).map(i -> sequences.get(i).pagesFor(tokens[i], pageTokens)).sum();
        // END SOLUTION
    }

    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        List<Sequence> all = new ArrayList<>(state.running());
        List<Long> preempted = new ArrayList<>(), admitted = new ArrayList<>();
        List<StepPlan.Work> work = new ArrayList<>();
        int free = state.freePages(), page = state.pageTokens();
        // BEGIN SOLUTION void: who leaves, who joins, and the tokens of all
        while (pages(all, tokens(all, policy), page) > free) {
            Sequence newest = all.removeLast();
            preempted.add(newest.id());
            free += newest.ownPages();
        }
        int running = all.size();
        if (preempted.isEmpty()) {
            int promised = all.stream().mapToInt(s -> s.pagesFor(s.decoding() ? 1 : s.missing() + 1, page)).sum();
            int left = free - promised - (running == 0 ? 0 : policy.sparePages());
            int joining = new HeadOfQueue().join(state.waiting(), policy.maxRunning() - running, Integer.MAX_VALUE, left, page);
            all.addAll(state.waiting().subList(0, joining));
        }
        int[] tokens = tokens(all, policy);
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] > 0) work.add(new StepPlan.Work(all.get(i).id(), tokens[i]));
            if (tokens[i] > 0 && i >= running) admitted.add(all.get(i).id());
        }
        // END SOLUTION
        return new StepPlan(preempted, admitted, work);
    }
}

// %% wrong="2.7 scheduler"
class MyChunkedScheduler implements SchedulerStep {
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        List<Long> admitted = new ArrayList<>();
        List<StepPlan.Work> work = new ArrayList<>();
        int rows = (int) state.running().stream().filter(Sequence::decoding).count();
        int left = rows > 0 ? Math.min(policy.stepTokens() - rows, policy.chunkTokens()) : policy.stepTokens();
        for (Sequence sequence : state.running()) {
            if (sequence.decoding()) work.add(new StepPlan.Work(sequence.id(), 1));
        }
        for (Sequence sequence : state.waiting()) {
            int tokens = Math.min(left, sequence.missing());
            if (tokens == 0 || state.running().size() + admitted.size() == policy.maxRunning()) break;
            admitted.add(sequence.id());
            work.add(new StepPlan.Work(sequence.id(), tokens));
            left -= tokens;
        }
        return new StepPlan(List.of(), admitted, work);
    }
}

// %%
check("2.7 scheduler", MyChunkedScheduler::new)

// %%
// hint("2.7 scheduler");
// solution("2.7 scheduler");

// %% [markdown]
// ## Plug it in
//
// Your scheduler in the engine. The long prompt takes slot 4 and is dark for many steps, while the four above it write a token in each of them.
// Play with the chunk.

// %%
int chunk = 32;
{
    var mine = GapRun.of("yours, chunks of " + chunk, fastModel(), new MyChunkedScheduler(), promptTokens, chunk);
    show(mine.timeline());
    show(mine.answers());
}

// %% [markdown]
// ## See: the gaps
//
// The chart from above with your scheduler in it. The height of your points is a step of the chunk and four rows; between the two lies what the
// four users notice.

// %%
GapRun.gaps("2.7 gap", whole, GapRun.of("yours", fastModel(), new MyChunkedScheduler(), promptTokens, chunk))

// %% [markdown]
// ## Measure: which chunk?
//
// Medians of interleaved runs for several sizes. "Expected" is $t(C)$ from above with the $P$ and $D$ of this machine: what a step has to take at
// least. The last size is the whole prompt.

// %%
{
    int[] sizes = quick() ? new int[] {8, 96} : new int[] {16, 32, 64, 384};
    var times = ChunkTimes.of(fastModel(), MyChunkedScheduler::new, promptTokens, quick() ? 1 : 3, sizes);
    System.out.println(times);
    show(times.chart());
    show(times.table());
}

// %% [markdown]
// Where the measured gap lies above the expected one, attention over the part that was read already and the output layer's rows take their share; and it
// is the longest of all gaps, so whatever else the machine did counts, too. The right size depends on what you promised: a gap of 100 ms reads as fluent writing.

// %% [markdown]
// ## Where real systems differ
//
// - **Sarathi-Serve** (2024) named it *stall-free batching*: decode rows ride along with each chunk for free, as the chunk fills the arithmetic.
// - **vLLM** has it on by default; `max_num_batched_tokens` is chunk and rows together (2,048 and more on a GPU), `long_prefill_token_threshold`
//   holds back very long prompts.
// - **SGLang**: `--chunked-prefill-size`; by default it prefers prompts and mixes in decode rows with `--enable-mixed-chunk`.
// - **llama.cpp**: `--batch-size` is the step's budget of its server, `--ubatch-size` what passes at once.
// - **TensorRT-LLM** calls it *chunked context*; its chunks are multiples of a page.
// - **Apart instead of together**: DistServe and Mooncake read prompts on other machines than they write on (chapter 3.5). Then no chunk is needed,
//   but keys and values travel.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. P = 350 and D = 20 tokens/s, four rows decode. Which chunk still makes no gap longer than 1/D?</summary>
// (4 + C) / 350 ≤ 1/20, so C ≤ 13. With P = 2,000 and D = 50, as on a small GPU, it would be 36.
// </details>
//
// <details><summary>2. And for gaps of at most 250 ms? How long does a prompt of 384 tokens take then?</summary>
// (4 + C) / 350 ≤ 0.25: C = 83. 384 / 83 gives 5 steps of at most 0.25 s: 1.2 s, against 384 / 350 = 1.1 s read whole.
// </details>
//
// <details><summary>3. Why may prompts have the whole step when nobody decodes?</summary>
// The chunk protects those who write. Without any, smaller steps would only read the weights more often.
// </details>
//
// <details><summary>4. Is the answer the same when a prompt is read in chunks?</summary>
// Yes. A chunk attends to the keys of the chunks before it, which are in the cache, and causally to itself: every token sees what it would have
// seen. In this engine even the bits are the same.
// </details>
//
// <details><summary>5. Two long prompts arrive. Why not read them side by side, half a chunk each?</summary>
// Then both have their first token at the end. One after the other the first has it after half the time, and the second no later.
// </details>
//
// <details><summary>6. Who joins needs pages for its whole prompt, though it reads a chunk. Why?</summary>
// Two half read prompts could each hold half of the pages and wait for the other's. What is promised is not given away.
// </details>
//
// <details><summary>7. A user complains of slow first tokens, another of jerky text. Which way does each want the chunk?</summary>
// The first a larger one, the second a smaller one. Measure both, and say which of the two you promise.
// </details>

// %% [markdown]
// ## Further
//
// - Agrawal et al., *Taming Throughput-Latency Tradeoff in LLM Inference with Sarathi-Serve* (2024)
// - Holmes et al., *DeepSpeed-FastGen: High-throughput Text Generation for LLMs via MII and DeepSpeed-Inference* (2024): dynamic split-fuse
// - Zhong et al., *DistServe: Disaggregating Prefill and Decoding for Goodput-optimized Large Language Model Serving* (2024)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [3.1 Pages for keys and values](31-paged-attention-1.ipynb). Your progress:

// %%
progress()
