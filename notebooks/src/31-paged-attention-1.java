// %% [markdown]
// # 3.1 Pages for keys and values
//
// Sixteen texts grow side by side, and nobody knows how long each will be. **You will build** the memory for them: a pool of pages, a block table for
// each text, append and give back. **You will see** who has which page at each step, and how much room is empty, in pages and without. **You need**
// chapters 2.1 and 2.6. **About 75 minutes** (an estimate).
//
// Run the next cell: texts that share 24 pages, with the library's pages.

// %% tags=["thumbnail"]
var requests = quick() ? Requests.mixed(4, 4, 12) : Requests.mixed(8, 8, 48);
int poolPages = quick() ? 12 : 24;
PagedTexts.of(fastModel(), PooledKvArrays::new, requests, poolPages, 8)

// %% [markdown]
// Every row is a page with room for 8 tokens; its colour says whose tokens are in it, the dark part how many. A text takes its next page when the last one
// is full, wherever one is free. When a text ends, its pages go to others.

// %% [markdown]
// ## Predict
//
// One array for each text has to be as long as the text may become. Pages of 16 tokens are taken one by one, but the last page of each text is not
// full. **How many percent of the pages' room are empty, for texts of 10 to 140 tokens?**

// %%
predict("3.1 waste", 25, "%")

// %% [markdown]
// ## The idea, small
//
// Memory is $P$ **pages** of $T$ tokens each, a row of numbers for each token. A text's **block table** lists its pages in order. Token $t$ is in the
// page with number $\lfloor t / T \rfloor$ of the table, at place $t \bmod T$ of it:
//
// $$\text{row}(t) = \text{table}[\lfloor t / T \rfloor] \cdot T + t \bmod T$$
//
// Two texts in pages of 4 tokens. Their rows lie mixed in memory, and each finds its own:

// %%
int T = 4;
int[] first = {2, 0}, second = {3, 5, 1};   // block tables
String[] memory = new String[6 * T];
Arrays.fill(memory, "·");
void write(String text, int[] table) {
    for (int t = 0; t < text.length(); t++) {
        memory[table[t / T] * T + t % T] = text.substring(t, t + 1);
    }
}
write("PAGES", first);
write("block table", second);
String.join(" ", memory)

// %% [markdown]
// Five letters take two pages: three of eight rows are empty. That is all that can be lost: at most $T - 1$ rows for each text, $(T-1)/2$ on
// average. Page 4 is free.

// %% [markdown]
// ## Exercise 1: the pool
//
// Who may have which page? The pool knows numbers alone. `begin(pages)`: the pages 0 … pages − 1 are free. `take(count)` hands out that many
// different pages, **or none**, with `throw new PagesException(count, free, size)`. `give(pages)` takes them back; a page that is free already is
// somebody's mistake: `throw new IllegalStateException(…)`. `free()` counts.

// %% exercise="3.1 pool"
class MyPool implements PageList {
    int[] list = {};        // the first `free` entries are the free pages
    boolean[] taken = {};
    int free;

    public void begin(int pages) {
        list = IntStream.range(0, pages).toArray();
        taken = new boolean[pages];
        free = pages;
    }

    public int[] take(int count) {
        // BEGIN SOLUTION refuse, or cut off the end of the list and mark the pages
        if (count > free) {
            throw new PagesException(count, free, list.length);
        }
        int[] pages = Arrays.copyOfRange(list, free - count, free);
        free -= count;
        for (int page : pages) {
            taken[page] = true;
        }
        return pages;
        // END SOLUTION
    }

    public void give(int[] pages) {
        // BEGIN SOLUTION void: each page goes behind the free ones, unless it is free already
        for (int page : pages) {
            if (!taken[page]) {
                throw new IllegalStateException("page " + page + " is free already");
            }
            taken[page] = false;
            list[free++] = page;
        }
        // END SOLUTION
    }

    public int free() {
        return free;
    }
}

// %% wrong="3.1 pool"
class MyPool implements PageList {
    int size, next;

    public void begin(int pages) {
        size = pages;
        next = 0;
    }

    public int[] take(int count) {
        if (count > size - next) {
            throw new PagesException(count, size - next, size);
        }
        next += count;
        return IntStream.range(next - count, next).toArray();
    }

    public void give(int[] pages) {
    }

    public int free() {
        return size - next;
    }
}

// %%
check("3.1 pool", MyPool::new)

// %%
// hint("3.1 pool");
// solution("3.1 pool");

// %% [markdown]
// ## Exercise 2: the block table
//
// Two questions about a text, both arithmetic. `missing`: it holds `held` pages, and `tokens` tokens **in all** are to have room; how many pages does it
// lack (0 if none)? `rows`: where do its tokens from, from + 1, … lie, `count` of them?

// %% exercise="3.1 block table"
class MyBlockTable implements BlockTableFn {
    public int missing(int held, int tokens, int pageTokens) {
        // BEGIN SOLUTION pages that the tokens fill, the last one perhaps in part, less those that are held
        return Math.max(0, Math.ceilDiv(tokens, pageTokens) - held);
        // END SOLUTION
    }

    public int[] rows(int[] table, int from, int count, int pageTokens) {
        // BEGIN SOLUTION the formula from above for each token
        int[] rows = new int[count];
        for (int i = 0; i < count; i++) {
            int t = from + i;
            rows[i] = table[t / pageTokens] * pageTokens + t % pageTokens;
        }
        return rows;
        // END SOLUTION
    }
}

// %% wrong="3.1 block table"
class MyBlockTable implements BlockTableFn {
    public int missing(int held, int tokens, int pageTokens) {
        return Math.max(0, Math.ceilDiv(tokens, pageTokens) - held);
    }

    public int[] rows(int[] table, int from, int count, int pageTokens) {
        int[] rows = new int[count];
        int start = table[from / pageTokens] * pageTokens + from % pageTokens;
        for (int i = 0; i < count; i++) {
            rows[i] = start + i;
        }
        return rows;
    }
}

// %%
check("3.1 block table", MyBlockTable::new)

// %%
// hint("3.1 block table");
// solution("3.1 block table");

// %% [markdown]
// ## Exercise 3: many texts in one memory
//
// Now the numbers. `PagedArrays` has what every answer needs: for each layer the arrays `keys[layer]` and `values[layer]` with a row of `width` numbers for
// each token of each page, the block tables by text in `tables` (`table(sequence)` gives a copy, empty for a new text), the `pool`, and your
// arithmetic as `blocks`. All layers use the same rows, so one table serves all of them. Four methods are yours:
//
// - `reserve` takes what is missing for `length + tokens` tokens, and puts it behind the table.
// - `append` writes a step's tokens, the first of which is number `length`. `newKeys` has their rows one behind the other.
// - `read` copies the rows that it is given out of `memory`, one behind the other.
// - `keep` leaves the pages of the first `tokens` tokens, and gives the others back.

// %% [markdown]
// `PooledPages` and `BlockTableRows` are the library's exercises 1 and 2: put `new MyPool()` and `new MyBlockTable()` in their places.

// %% exercise="3.1 cache"
class MyPages extends PagedArrays {
    MyPages() {
        super(new PooledPages(), new BlockTableRows());
    }

    public void reserve(int sequence, int length, int tokens) {
        // BEGIN SOLUTION void: take the missing pages, and put them behind the table
        int[] table = table(sequence);
        int[] more = pool.take(blocks.missing(table.length, length + tokens, pageTokens));
        tables.put(sequence, IntStream.concat(Arrays.stream(table), Arrays.stream(more)).toArray());
        // END SOLUTION
    }

    public void append(int sequence, int layer, int length, float[] newKeys, float[] newValues) {
        int[] rows = blocks.rows(table(sequence), length, newKeys.length / width, pageTokens);
        // BEGIN SOLUTION void: row i of the new keys and values goes to row rows[i] of the layer
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(newKeys, i * width, keys[layer], rows[i] * width, width);
            System.arraycopy(newValues, i * width, values[layer], rows[i] * width, width);
        }
        // END SOLUTION
    }

    public float[] read(float[] memory, int[] rows) {
        // BEGIN SOLUTION the same the other way round, into a new array
        float[] read = new float[rows.length * width];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(memory, rows[i] * width, read, i * width, width);
        }
        return read;
        // END SOLUTION
    }

    public void keep(int sequence, int tokens) {
        // BEGIN SOLUTION void: cut the table, and give the pages behind the cut back
        int[] table = table(sequence);
        int kept = Math.min(table.length, Math.ceilDiv(tokens, pageTokens));
        pool.give(Arrays.copyOfRange(table, kept, table.length));
        tables.put(sequence, Arrays.copyOf(table, kept));
        // END SOLUTION
    }
}

// %% wrong="3.1 cache"
class MyPages extends PagedArrays {
    MyPages() {
        super(new PooledPages(), new BlockTableRows());
    }

    public void reserve(int sequence, int length, int tokens) {
        int[] table = table(sequence);
        int[] more = pool.take(Math.ceilDiv(tokens, pageTokens));
        tables.put(sequence, IntStream.concat(Arrays.stream(table), Arrays.stream(more)).toArray());
    }

    public void append(int sequence, int layer, int length, float[] newKeys, float[] newValues) {
        int[] rows = blocks.rows(table(sequence), length, newKeys.length / width, pageTokens);
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(newKeys, i * width, keys[layer], rows[i] * width, width);
            System.arraycopy(newValues, i * width, values[layer], rows[i] * width, width);
        }
    }

    public float[] read(float[] memory, int[] rows) {
        float[] read = new float[rows.length * width];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(memory, rows[i] * width, read, i * width, width);
        }
        return read;
    }

    public void keep(int sequence, int tokens) {
        int[] table = table(sequence);
        int kept = Math.min(table.length, Math.ceilDiv(tokens, pageTokens));
        pool.give(Arrays.copyOfRange(table, kept, table.length));
        tables.put(sequence, Arrays.copyOf(table, kept));
    }
}

// %%
check("3.1 cache", MyPages::new)

// %%
// hint("3.1 cache");
// solution("3.1 cache");

// %% [markdown]
// ## Plug it in
//
// The real model reads and writes its keys and values through your tables, for all texts in one step. Where no page is left, the newest text leaves, as
// in chapter 2.6; nobody's words depend on it. Give the pool more pages, or fewer, and run the cell again.

// %%
{
    var mine = PagedTexts.of(fastModel(), MyPages::new, requests, poolPages, 8);
    System.out.println(mine);
    show(mine.answers());
}

// %% [markdown]
// ## See: pages against one piece
//
// The engine serves texts with its own pages of 16 and tells at each step how many tokens each of them has. Without pages, a text would take room for
// `longest` tokens at its beginning, since nobody knows better.

// %%
int longest = quick() ? 64 : 256;
var served = BatchRun.of("16 slots", fastModel(), new Scheduler(), quick() ? Requests.mixed(6, 4, 12) : Requests.mixed(24, 8, 128), 16);
PageWaste.of(served, longest).overTime()

// %% [markdown]
// The gap between the lower two lines is what pages waste, the gap to the top one what one piece wastes. From the same run, the empty share for other
// sizes of a page; your guess is the dashed line:

// %%
PageWaste.of(served, longest).bySize("3.1 waste")

// %% [markdown]
// Small pages waste little, and yet nobody takes 1: a table gets long, a kernel looks up more (chapter 3.2), and rows that lie side by side are read faster.
// 16 is what most systems take.

// %% [markdown]
// ## Measure: what the room buys
//
// A machine's memory for keys and values is what it is. The same requests in the same room: in one piece each, only room / longest texts run at once; in
// pages as many as fit. The third bar has room for all, and is the ceiling. Medians of interleaved runs.

// %%
{
    int room = quick() ? 96 : 512;
    var rates = RoomRates.of(fastModel(), quick() ? Requests.mixed(4, 4, 8) : Requests.mixed(12, 8, 64), room, longest, quick() ? 1 : 3);
    show(rates.chart());
    show(rates.table());
}

// %% [markdown]
// More texts at once mean more rows for each reading of the weights (chapter 2.6): that, and not the saved bytes as such, is what pages are for.

// %% [markdown]
// ## Where real systems differ
//
// - **vLLM** made pages known (*PagedAttention*); it calls them *blocks*. `--gpu-memory-utilization` says how much memory the pool gets at the start,
//   `BlockPool` is your exercise 1, the *slot mapping* your `rows`.
// - **SGLang** has a pool of single tokens by default (`--page-size 1`) with a radix tree over them; other kernels ask for 16 or more.
// - **llama.cpp**'s server long gave each of its `--parallel` slots an equal part of the context in one piece; with a unified cache, a slot takes any free
//   cells, one token each.
// - **TensorRT-LLM** has pages of `tokens_per_block`, 32 by default, in pools on the GPU and in the host's memory.
// - **vAttention** asks the GPU's virtual memory for pages instead: a text sees one piece, and kernels need no table.
// - **Reference counts.** A page may belong to several texts that begin alike; this lab's `PagePool` counts its owners (chapter 4.2).

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Pages of 16, a text of 100 tokens. How many pages, and how many rows are empty?</summary>
// 7 pages have 112 rows: 12 are empty. At 96 tokens it would be 6 pages and none.
// </details>
//
// <details><summary>2. The 0.5B model keeps 24 · 2 · 2 · 64 numbers for a token. How many bytes is a page of 16 in float32, and how many texts of 500
// tokens fit into 1 GB? And how many, if each takes room for 32,768?</summary>
// 6,144 numbers are 24.6 kB, a page 393 kB. 500 tokens take 32 pages, 12.6 MB: 79 texts. 32,768 tokens take 805 MB: one text.
// </details>
//
// <details><summary>3. Why can a pool of pages not be full of holes that nobody can use?</summary>
// All pages have one size and need no neighbours, so every free one fits everybody. With pieces of many sizes, free room may lie in parts that are each
// too small.
// </details>
//
// <details><summary>4. Why does take give all pages or none?</summary>
// Two texts that each got half of what they need would both hold pages and both wait. With all or none, one of them goes on.
// </details>
//
// <details><summary>5. One page is given back twice. When do you notice?</summary>
// Late: it is handed out twice, and two texts write into it. One of them continues with the other's words. So the pool refuses at once.
// </details>
//
// <details><summary>6. Why is one table enough for all layers?</summary>
// Every layer has the same tokens, so they may use the same row numbers, each in its own memory. A page is those rows in all layers.
// </details>
//
// <details><summary>7. A text forgets its last 5 tokens. What happens to the pages?</summary>
// Those behind the last token that is left go back; the rows in the last page are written over. That is `keep(sequence, length - 5)`, and chapter 3.4
// needs it for guesses that were wrong.
// </details>

// %% [markdown]
// ## Further
//
// - Kwon et al., *Efficient Memory Management for Large Language Model Serving with PagedAttention* (2023)
// - Prabhu et al., *vAttention: Dynamic Memory Management for Serving LLMs without PagedAttention* (2024)
// - Denning, *Virtual Memory* (1970): pages, tables and what they cost, for a whole machine
// - *vLLM*'s `vllm/v1/core/block_pool.py`, to be read beside your own

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [3.2 Attention straight from pages](32-paged-attention-2.ipynb), in a kernel. Your progress:

// %%
progress()
