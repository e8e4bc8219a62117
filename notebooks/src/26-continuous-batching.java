// %% [markdown]
// # 2.6 Continuous batching
//
// Decoding one text reads all weights for one row. Many texts at once share that reading, if they need not wait for each other. **You will
// build** a padded batch, and the scheduler that lets requests join and leave between two steps. **You will see** who holds which slot at each
// step, and what a static batch computes for nobody. **You need** chapters 1.3, 1.6 and 2.1. **About 80 minutes** (an estimate).
//
// Run the next cell: sixteen requests share eight slots, first in a static batch, then as you will do it.

// %% tags=["thumbnail"]
var requests = Requests.mixed(16, 4, quick() ? 12 : 40);
var still = BatchRun.of("static", fastModel(), new StaticBatching(), requests, 8);
var flowing = BatchRun.of("continuous", fastModel(), new ContinuousBatching(), requests, 8);
SlotTimeline.of(still, flowing)

// %% [markdown]
// Each row is a slot, each column a step of the engine: one pass through the model for everybody who has something to do. White is a slot that
// nobody uses while the others wait for the longest answer.

// %% [markdown]
// ## Predict
//
// Sixteen answers of 4 to 40 tokens, most of them short, in two static batches of eight. A batch ends with its longest answer. **What percentage of
// the rows that are decoded belongs to an answer that has ended already?**

// %%
predict("2.6 ended rows", 30, "%")

// %% [markdown]
// ## The idea, small
//
// A decode step reads the weights, which takes the same time for one row as for several, and computes with each row. With $R$ rows, $D$ tokens/s of
// one request alone, and $P$ tokens/s of a long prompt, a step takes about
//
// $$t(R) = \max\!\left(\frac{1}{D},\; \frac{R}{P}\right)$$
//
// $1/D$ is the time to read the weights once, $1/P$ what a row costs when there are many. Change the numbers; 20 and 140 are those of a machine with two cores:

// %%
double D = 20, P = 140;   // tokens per second
for (int R : new int[] {1, 2, 4, 8, 16, 32}) {
    double t = Math.max(1 / D, R / P);
    System.out.printf("%2d rows: %3.0f ms a step, %4.0f tokens/s%n", R, 1000 * t, R / t);
}

// %% [markdown]
// Up to $P / D$ rows every further row is free. So the engine's whole art is to have enough rows in **every** step. The same with real steps:

// %%
RowCost.of(fastModel(), quick() ? new int[] {1, 4} : new int[] {1, 2, 4, 8, 16})

// %% [markdown]
// ## Exercise 1: a padded batch
//
// The first way to run several texts at once: one tensor `[B, T]`. Texts have different lengths, so the shorter ones get **filler in front**, and the
// newest token of each stands in the last column. Two things go wrong if nothing else changes: positions, which rotary embedding counts from the
// text's own first token, and attention, which must not look at filler.
//
// - `tokens`: the ids `[B][T]`, T being the length of the longest text.
// - `positions`: each token's place in its own text, from 0 on; any number where filler stands.
// - `mask` `[B, 1, T, T]` in float32: 0 where a query may look, −∞ elsewhere. A token sees its own text up to itself. Filler sees itself alone, since
//   a row of nothing but −∞ would become NaN.

// %% exercise="2.6 padded batch"
class MyPaddedBatch implements PaddedBatchFn {
    public int[][] tokens(List<int[]> texts, int filler) {
        // BEGIN SOLUTION filler everywhere, then each text at the end of its row
        int t = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
        int[][] rows = new int[texts.size()][t];
        for (int b = 0; b < rows.length; b++) {
            int[] text = texts.get(b);
            Arrays.fill(rows[b], filler);
            System.arraycopy(text, 0, rows[b], t - text.length, text.length);
        }
        return rows;
        // END SOLUTION
    }

    public int[][] positions(int[] lengths, int t) {
        // BEGIN SOLUTION a text of length n begins in column t - n
        int[][] rows = new int[lengths.length][t];
        for (int b = 0; b < rows.length; b++) {
            for (int i = 0; i < lengths[b]; i++) {
                rows[b][t - lengths[b] + i] = i;
            }
        }
        return rows;
        // END SOLUTION
    }

    public Tensor mask(int[] lengths, int t) {
        // BEGIN SOLUTION causal, and not before the text's first column; or the token itself
        Tensor query = Tensor.arange(t).reshape(1, 1, t, 1);
        Tensor key = Tensor.arange(t).reshape(1, 1, 1, t);
        Tensor first = Tensor.of(lengths, lengths.length, 1, 1, 1).neg().add(t);
        Tensor own = key.le(query).and(key.ge(first));
        return Tensor.where(own.or(key.eq(query)), Tensor.scalar(0, DType.F32),
            Tensor.scalar(Double.NEGATIVE_INFINITY, DType.F32));
        // END SOLUTION
    }
}

// %% wrong="2.6 padded batch"
class MyPaddedBatch implements PaddedBatchFn {
    public int[][] tokens(List<int[]> texts, int filler) {
        return new PaddedBatch().tokens(texts, filler);
    }

    public int[][] positions(int[] lengths, int t) {
        int[][] rows = new int[lengths.length][t];
        for (int[] row : rows) {
            for (int i = 0; i < t; i++) row[i] = i;
        }
        return rows;
    }

    public Tensor mask(int[] lengths, int t) {
        return new PaddedBatch().mask(lengths, t);
    }
}

// %%
check("2.6 padded batch", MyPaddedBatch::new)

// %%
// hint("2.6 padded batch");
// solution("2.6 padded batch");

// %% [markdown]
// ## Plug it in: your batch through the model
//
// Four texts as one tensor through all layers, your positions in the rotary embedding and your mask in every attention. Beside it each text alone. If a
// logit differs by more than rounding, something looks where it must not.

// %%
var texts = List.of("The capital of France is", "Water boils at", "Once upon a time, in a village by the sea, there", "A list in Java is");
PaddedRun.of(model(), MyPaddedBatch::new, texts, quick() ? 2 : 5)

// %% [markdown]
// ## See: what is computed for nobody
//
// Filler is only the smaller half. A static batch goes on until its longest answer ends, and the rows of the others are computed and thrown away. Your
// guess is the dashed line.

// %%
PaddingWaste.of(model(), MyPaddedBatch::new, requests, "2.6 ended rows", 1, 2, 4, 8, 16)

// %% [markdown]
// Larger batches waste more: the longest of sixteen is longer than the longest of two. That is the dilemma of static batching, since larger batches are
// also what makes a row cheap.

// %% [markdown]
// ## Exercise 2: who joins
//
// The cure: decide anew before **every** step. A request that has ended leaves its slot, one that waits takes it, and nobody waits for the
// longest. With a cache of pages (chapter 3.1) no text needs the same length as its neighbour, so no filler is left either.
//
// First, who joins. `waiting` is the queue, in order. Of a request the scheduler sees counts only: `promptTokens()`, `tokens()` (prompt and answer
// so far), `missing()` (tokens that must pass before it can choose one) and `pagesFor(n, pageTokens)` (pages it lacks so that n more tokens pass).
// **Return how many of the first may join.** Each takes a place, its missing tokens of the step's budget, and pages for these and one token more. The queue
// is fair: where one has no room, those behind it wait too.

// %% exercise="2.6 join"
class MyJoin implements JoinFn {
    public int join(List<Sequence> waiting, int places, int budget, int freePages, int pageTokens) {
        // BEGIN SOLUTION go along the queue until somebody has no room
        int joined = 0;
        for (Sequence next : waiting) {
            int pages = next.pagesFor(next.missing() + 1, pageTokens);
            if (joined == places || next.missing() > budget || pages > freePages) {
                break;
            }
            budget -= next.missing();
            freePages -= pages;
            joined++;
        }
        return joined;
        // END SOLUTION
    }
}

// %% wrong="2.6 join"
class MyJoin implements JoinFn {
    public int join(List<Sequence> waiting, int places, int budget, int freePages, int pageTokens) {
        int joined = 0;
        for (Sequence next : waiting) {
            int pages = next.pagesFor(next.missing(), pageTokens);
            if (joined == places || next.missing() > budget || pages > freePages) break;
            budget -= next.missing();
            freePages -= pages;
            joined++;
        }
        return joined;
    }
}

// %%
check("2.6 join", MyJoin::new)

// %%
// hint("2.6 join");
// solution("2.6 join");

// %% [markdown]
// ## Exercise 3: the step
//
// `plan` says what one step does. It remembers nothing: all it needs is in `state` (`running()` with the oldest first, `waiting()`, `freePages()`,
// `pageTokens()`) and in the `policy` (`maxRunning()`, `stepTokens()`, `sparePages()`). In this order:
//
// 1. **Leave.** Everybody who runs wants one token more; some lack a page for it. While these pages are more than are free, the newest request, the
//    last of the list, is *preempted*: its `ownPages()` are free again, it waits at the head of the queue, and its text is read again later.
// 2. **Go on.** Whoever still runs gets one token: `new StepPlan.Work(id, 1)`.
// 3. **Join.** Unless somebody had to leave: those who have room by exercise 2, in the places, budget and pages that are left. While others run,
//    `sparePages()` stay free for their growth. Who joins stands in `admitted` **and** gets work, all its `missing()` tokens.
//
// `new HeadOfQueue()` is the library's exercise 2; put `new MyJoin()` in its place if yours is solved.

// %% exercise="2.6 scheduler"
class MyScheduler implements SchedulerStep {
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        List<Sequence> staying = new ArrayList<>(state.running());
        List<Long> preempted = new ArrayList<>(), admitted = new ArrayList<>();
        List<StepPlan.Work> work = new ArrayList<>();
        int free = state.freePages();
        // BEGIN SOLUTION void: who leaves, who goes on, who joins
        while (needed(staying, state.pageTokens()) > free) {
            Sequence newest = staying.removeLast();
            preempted.add(newest.id());
            free += newest.ownPages();
        }
        for (Sequence sequence : staying) {
            work.add(new StepPlan.Work(sequence.id(), 1));
        }
        if (preempted.isEmpty()) {
            int left = free - needed(staying, state.pageTokens()) - (staying.isEmpty() ? 0 : policy.sparePages());
            int joining = new HeadOfQueue().join(state.waiting(), policy.maxRunning() - staying.size(),
                policy.stepTokens() - staying.size(), left, state.pageTokens());
            for (Sequence sequence : state.waiting().subList(0, joining)) {
                admitted.add(sequence.id());
                work.add(new StepPlan.Work(sequence.id(), sequence.missing()));
            }
        }
        // END SOLUTION
        return new StepPlan(preempted, admitted, work);
    }

    /** Pages that one more token of each takes. */
    int needed(List<Sequence> sequences, int pageTokens) {
        // BEGIN SOLUTION the sum of pagesFor(1, pageTokens)
        return sequences.stream().mapToInt(sequence -> sequence.pagesFor(1, pageTokens)).sum();
        // END SOLUTION
    }
}

// %% wrong="2.6 scheduler"
class MyScheduler implements SchedulerStep {
    public StepPlan plan(SchedulerState state, SchedulerPolicy policy) {
        List<Long> admitted = new ArrayList<>();
        List<StepPlan.Work> work = new ArrayList<>();
        for (Sequence sequence : state.running()) {
            work.add(new StepPlan.Work(sequence.id(), 1));
        }
        int joining = new HeadOfQueue().join(state.waiting(), policy.maxRunning() - work.size(),
            policy.stepTokens() - work.size(), state.freePages(), state.pageTokens());
        for (Sequence sequence : state.waiting().subList(0, joining)) {
            admitted.add(sequence.id());
            work.add(new StepPlan.Work(sequence.id(), sequence.missing()));
        }
        return new StepPlan(List.of(), admitted, work);
    }
}

// %%
check("2.6 scheduler", MyScheduler::new)

// %%
// hint("2.6 scheduler");
// solution("2.6 scheduler");

// %% [markdown]
// ## Plug it in: step by step
//
// An engine without a thread asks your scheduler before each step and carries the plan out on the real model. Two requests, two slots; below is
// what every step did. `Engine.manual(fastModel(), EngineOptions.standard().with(new MyScheduler()))` makes such an engine for yourself: `submit`
// requests, then `StepView.of(engine.step())` as often as you like.

// %%
var two = new Requests(List.of("The capital of France is", "Water boils at"), new int[] {2, 3});
BatchRun.of("two", fastModel(), new MyScheduler(), two, 2).reports().forEach(report -> show(StepView.of(report)));

// %% [markdown]
// ## See: who holds which slot
//
// All sixteen requests under your scheduler; the picture grows while they run. Where a pale bar ends, a dark one begins in the same slot one step
// later. Try 4 slots, or 16.

// %%
int slots = 8;
{
    var mine = BatchRun.of("yours", fastModel(), new MyScheduler(), requests, slots);
    show(mine.timeline());
    show(mine.answers());
}

// %% [markdown]
// The same with pages for so few tokens that not everybody fits, as a film. Who leaves comes back at the head of the queue and reads its text again
// (dark): that work is lost, and its answer is the same.

// %%
{
    var tight = BatchRun.of("few pages", fastModel(), new MyScheduler(), requests, slots, quick() ? 96 : 160);
    show(tight.film());
    var left = tight.reports().stream().flatMap(report -> report.preempted().stream()).toList();
    System.out.println(left.isEmpty() ? "nobody had to leave" : "requests that had to leave: " + left);
}

// %% [markdown]
// ## See: tokens per second, step by step
//
// The static batch starts as fast, and then falls as one answer after the other ends; a new batch lifts it again. Yours stays up until the queue is
// empty.

// %%
BatchSpeed.of(still, BatchRun.of("yours", fastModel(), new MyScheduler(), requests, slots))

// %% [markdown]
// ## Measure
//
// The same requests, one at a time and in five slots: medians of interleaved runs, seconds within steps. "Ended rows stay" is the padded
// batch of exercise 1; "leave" is a static batch that drops them at once. The ceiling reads all prompts at $P$, and fills every step's slots with
// rows at $\max(1/D, R/P)$; nobody reaches it, since the last answers run alone.

// %%
{
    var some = Requests.mixed(quick() ? 6 : 10, 4, quick() ? 8 : 24);
    var times = BatchTimes.of(fastModel(), MyScheduler::new, some, quick() ? 3 : 5, quick() ? 1 : 3);
    System.out.println(times);
    show(times.table());
}

// %% [markdown]
// Few requests make a long tail, in which most slots are empty for everybody. With 128 requests and 16 slots the tail hardly counts. The next cell
// **simulates** them: the same schedulers, on a model that only costs time, by a $P$ and a $D$ that are measured first. Its numbers are computed, not measured.

// %%
{
    var rates = BatchTimes.rates(fastModel());
    for (SchedulerStep step : List.of(new StaticBatching(), new MyScheduler())) {
        var outcome = rates.simulated(step, 128, 16);
        System.out.printf("%-16s %4.0f s, %5.1f tokens/s%n", step.getClass().getSimpleName(), outcome.seconds(), outcome.outputTokens() / outcome.seconds());
    }
}

// %% [markdown]
// ## Where real systems differ
//
// - **Orca** (2022) had the idea under the name *iteration-level scheduling*; **vLLM**'s `Scheduler.schedule()` is your `plan`, with the same two
//   queues, and `max_num_seqs` and `max_num_batched_tokens` for `maxRunning` and `stepTokens`. It preempts the newest and computes it again, as you
//   do.
// - **llama.cpp**'s server has `--parallel` slots; `update_slots()` puts all their tokens into one `llama_batch`, each with its own sequence id and
//   position.
// - **MLX**: `mlx_lm`'s batch generator pads on the left as in exercise 1, and its server joins requests into such batches.
// - **SGLang** overlaps: while the GPU computes a step, the CPU plans the next one. On a GPU a step takes a few milliseconds, and a slow scheduler
//   is seen.
// - **TensorRT-LLM** has two scheduler policies: one fills slots as you do, the other never preempts, since it reserves pages for the longest
//   answer at once.
// - A long prompt makes one long step here, and everybody waits for it; one of more than `stepTokens` never joins, so the engine has the
//   library read it when nobody runs. Chapter 2.7 cuts both into chunks.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. P = 140, D = 20 tokens/s. From how many rows on does a further row cost time?</summary>
// From P / D = 7 rows on. Up to there the weights' reading, 50 ms, hides them.
// </details>
//
// <details><summary>2. Four prompts of 10, 20, 30 and 40 tokens in one padded batch. What share of the columns is filler?</summary>
// 4 · 40 = 160 columns for 100 tokens: 37.5 %.
// </details>
//
// <details><summary>3. Why is the filler in front, and not behind?</summary>
// The last column is then the newest token of every text: one slice gives all logits, and new tokens are appended as one column.
// </details>
//
// <details><summary>4. Only the mask is right and positions count columns. What would you see?</summary>
// Nearly the same texts: rotary embedding makes scores depend on distances alone, and those are right. But positions are larger than in training as
// soon as filler is long, and the cache of a text could not be moved into another batch.
// </details>
//
// <details><summary>5. Why does the newest request leave and not the one with most pages?</summary>
// So that the oldest always goes on: every request ends some day. And the newest has the least work to lose.
// </details>
//
// <details><summary>6. A request joins. Why must there be a page for one token more than its prompt?</summary>
// In the next step it decodes: the token that it has just chosen needs keys and values. A prompt that fills its pages exactly would have to leave
// at once.
// </details>
//
// <details><summary>7. Does a text depend on its neighbours in the batch?</summary>
// It must not. Here each row is computed with the same bits as alone; on GPUs many kernels sum in another order for other batch sizes, and a greedy
// text may then differ in a near tie.
// </details>

// %% [markdown]
// ## Further
//
// - Yu et al., *Orca: A Distributed Serving System for Transformer-Based Generative Models* (2022)
// - Kwon et al., *Efficient Memory Management for Large Language Model Serving with PagedAttention* (2023): preemption, and what paging has to do
//   with it
// - *vLLM*'s `vllm/v1/core/sched/scheduler.py`, to be read beside your own
// - Little, *A Proof for the Queuing Formula L = λW* (1961)

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [2.7 Chunked prefill](27-chunked-prefill.ipynb). Your progress:

// %%
progress()
