// %% [markdown]
// # 4.2 Prefix cache
//
// A thousand users ask one assistant, and a thousand prompts begin with the same two pages of rules. **You will build** what makes a machine read them
// once: owners of pages counted, pages found by what is on them, and the rule for who goes when room is needed. **You will see** the hit rate, and the time to
// the first token on a shared system prompt. **You need** chapter 2.1; 2.6 helps. **About 80 minutes** (an estimate).
//
// Run the next cell: eight questions with the same system prompt, one after another, with and without a prefix cache.

// %% tags=["thumbnail"]
int systemTokens = quick() ? 96 : 384;
var questions = Questions.library(quick() ? 3 : 8);
var without = PrefixRun.without(fastModel(), questions, systemTokens, 2);
PrefixRun.firstTokens(without, PrefixRun.with(fastModel(), questions, systemTokens, 2))

// %% [markdown]
// Without it everybody waits until the rules are read again. With it the first one pays, and the others read their own question.

// %% [markdown]
// ## Predict
//
// The system prompt has 384 tokens (96 in quick mode), a question about 15, and pages have 16 tokens. **What percentage of all eight prompts' tokens does
// the prefix cache know?**

// %%
predict("4.2 hits", 80, "%")

// %% [markdown]
// ## The idea, small
//
// A cache's memory is cut into **pages**: keys and values of 16 tokens in every layer. A sequence has a *block table*, the list of its pages. ([Chapter 3.1](31-paged-attention-1.ipynb)
// builds these; here a page is a number.) Two sequences may have the same page in their tables if what is in it is the same for both. When is that so?
// Keys and values of token $i$ depend on the tokens $0 \dots i$ and on nothing else. So two texts that agree up to the end of page $j$
// can share the pages $0 \dots j$.
//
// To find them without comparing every text with every other, each full page gets a **key**. With the tokens $t$ of page $j$, a salt $s$ that
// keeps tenants apart, and a mixing function $h$:
//
// $$k_{-1} = h(s), \qquad k_j = h(k_{j-1},\; t_{jP}, \dots, t_{jP + P - 1})$$
//
// Each key contains the one before, and so the whole beginning. Three texts, pages of $P = 4$ tokens; change a number and see which keys change:

// %%
int[] first = {11, 12, 13, 14, 21, 22, 23, 24, 31, 32};   // two full pages, two tokens more
int[] second = {11, 12, 13, 14, 21, 22, 99, 24, 31, 32};  // differs in page 1
int[] third = {21, 22, 23, 24, 11, 12, 13, 14};           // the same pages in another order
for (int[] text : List.of(first, second, third)) {
    System.out.println(Arrays.toString(Arrays.stream(new ChainedKeys().keys("", text, 4)).mapToObj(Long::toHexString).toArray()));
}

// %% [markdown]
// ## Exercise 1: owners
//
// A page that two sequences have must stay as long as one of them needs it, so it has a **number of owners**; 0 means free. It must not be *written* by one while
// another reads it either. Full pages are never written again, but the last page of a sequence is. So when two continuations of one text go on, the first
// that writes gets a copy: **copy on write**.
//
// - `take()` gives a page that was free; it has one owner then.
// - `share(page)` and `release(page)` add an owner and take one away.
// - `write(page)` gives the page that one of its owners may write to: itself, if nobody else has it. Otherwise another one, and the old page has an owner
//   less. (The caller copies what is on it.)
// - A page without owners can't be shared, written or released, and where none is free none can be taken: `IllegalStateException`, and nothing changes.

// %% exercise="4.2 owners"
class MyPages implements SharedPages {
    int[] owners = {};

    public void begin(int count) { owners = new int[count]; }

    public int owners(int page) { return owners[page]; }

    public int take() {
        // BEGIN SOLUTION the first page without owners
        for (int page = 0; page < owners.length; page++) {
            if (owners[page] == 0) {
                owners[page] = 1;
                return page;
            }
        }
        throw new IllegalStateException("no page is free");
        // END SOLUTION
    }

    public void share(int page) {
        // BEGIN SOLUTION void: one owner more
        owners[held(page)]++;
        // END SOLUTION
    }

    public int write(int page) {
        // BEGIN SOLUTION in place if alone, else another page
        if (owners[held(page)] == 1) return page;
        int copy = take();
        owners[page]--;
        return copy;
        // END SOLUTION
    }

    public void release(int page) {
        // BEGIN SOLUTION void: one owner less
        owners[held(page)]--;
        // END SOLUTION
    }

    int held(int page) {
        // BEGIN SOLUTION the page itself, or an exception when it is free
        if (owners[page] == 0) throw new IllegalStateException("page " + page + " is free");
        return page;
        // END SOLUTION
    }

    public int free() {
        // BEGIN SOLUTION pages without owners
        return (int) Arrays.stream(owners).filter(count -> count == 0).count();
        // END SOLUTION
    }
}

// %% wrong="4.2 owners"
class MyPages implements SharedPages {
    int[] owners = {};

    public void begin(int count) { owners = new int[count]; }

    public int owners(int page) { return owners[page]; }

    public int take() {
        for (int page = 0; page < owners.length; page++) {
            if (owners[page] == 0) {
                owners[page] = 1;
                return page;
            }
        }
        throw new IllegalStateException("no page is free");
    }

    public void share(int page) { owners[held(page)]++; }

    public int write(int page) { return held(page); }

    public void release(int page) { owners[held(page)]--; }

    int held(int page) {
        if (owners[page] == 0) throw new IllegalStateException("page " + page + " is free");
        return page;
    }

    public int free() { return (int) Arrays.stream(owners).filter(count -> count == 0).count(); }
}

// %%
check("4.2 owners", MyPages::new)

// %%
// hint("4.2 owners");
// solution("4.2 owners");

// %% [markdown]
// ## Exercise 2: keys
//
// One key for each **full** page of a text, by the formula above. Equal tokens after equal tokens under the same salt give equal keys, and everything else
// different ones, as good as always. A page that is not full has no key: more tokens will come to it.
//
// `mixed` is written: it mixes one token, or the `hashCode()` of the salt, into a number of 64 bits. Begin with 1: from 0 on,
// zeros would stay 0. Nobody has to be able to turn it back, and
// what is found by a key is compared with the tokens anyway.

// %% exercise="4.2 keys"
class MyKeys implements PageKeysFn {
    public long[] keys(String salt, int[] tokens, int pageTokens) {
        // BEGIN SOLUTION begin with the salt; each page goes on from the one before
        long[] keys = new long[tokens.length / pageTokens];
        long h = mixed(1, salt.hashCode());
        for (int i = 0; i < keys.length * pageTokens; i++) {
            h = mixed(h, tokens[i]);
            if ((i + 1) % pageTokens == 0) keys[i / pageTokens] = h;
        }
        return keys;
        // END SOLUTION
    }

    long mixed(long h, int token) {
        h = (h ^ token) * 0x9e3779b97f4a7c15L;
        return h ^ h >>> 32;
    }
}

// %% wrong="4.2 keys"
class MyKeys implements PageKeysFn {
    public long[] keys(String salt, int[] tokens, int pageTokens) {
        long[] keys = new long[tokens.length / pageTokens];
        for (int page = 0; page < keys.length; page++) {
            long h = mixed(1, salt.hashCode());
            for (int i = page * pageTokens; i < (page + 1) * pageTokens; i++) h = mixed(h, tokens[i]);
            keys[page] = h;
        }
        return keys;
    }

    long mixed(long h, int token) {
        h = (h ^ token) * 0x9e3779b97f4a7c15L;
        return h ^ h >>> 32;
    }
}

// %%
check("4.2 keys", MyKeys::new)

// %%
// hint("4.2 keys");
// solution("4.2 keys");

// %% [markdown]
// ## Exercise 3: eviction
//
// A page whose sequences have ended may stay: perhaps somebody comes with the same beginning. It stays until room is needed. Then `evict` says which pages
// go, one after the other. Of a kept page you see `page()`, `parent()` (the page before it in its text, `KeptPage.NONE` for a first page), `lastUsed()` (the larger,
// the later) and `inUse()`.
//
// - A page in use stays, and so does one that is the `parent()` of a page that is still kept: what is behind it could not be found any more.
// - Of the others the one goes that was used longest ago. Its parent may be the next: the beginnings of texts, which most of them share, go last.
// - Return at most `count`, in the order in which they go; fewer where no more may go.

// %% exercise="4.2 eviction"
class MyEviction implements EvictFn {
    public int[] evict(List<KeptPage> kept, int count) {
        // BEGIN SOLUTION again and again the oldest that nobody uses and nobody builds on
        List<KeptPage> left = new ArrayList<>(kept);
        List<Integer> gone = new ArrayList<>();
        while (gone.size() < count) {
            var oldest = left.stream()
                .filter(page -> !page.inUse() && left.stream().noneMatch(other -> other.parent() == page.page()))
                .min(Comparator.comparingLong(KeptPage::lastUsed));
            if (oldest.isEmpty()) break;
            left.remove(oldest.get());
            gone.add(oldest.get().page());
        }
        return gone.stream().mapToInt(page -> page).toArray();
        // END SOLUTION
    }
}

// %% wrong="4.2 eviction"
class MyEviction implements EvictFn {
    public int[] evict(List<KeptPage> kept, int count) {
        return kept.stream().filter(page -> !page.inUse())
            .sorted(Comparator.comparingLong(KeptPage::lastUsed))
            .limit(count).mapToInt(KeptPage::page).toArray();
    }
}

// %%
check("4.2 eviction", MyEviction::new)

// %%
// hint("4.2 eviction");
// solution("4.2 eviction");

// %% [markdown]
// ## Plug it in: forks of one text
//
// The model reads a text once, and goes on in four ways: four block tables, the same pages. Your counts go along with the library's own pool; both should
// say how many pages are held.

// %%
{
    var forks = Forks.of(fastModel(), MyPages::new, "The lighthouse stood on a rock a mile from the shore, and every evening its keeper", 4, quick() ? 4 : 24);
    System.out.println(forks);
    show(forks.table());
}

// %% [markdown]
// The first page is full and stays shared. The last one was half full: each writer but the last got a copy of it.

// %% [markdown]
// ## Plug it in: the engine with your index
//
// Your keys and your eviction are the index of the engine's prefix cache: every request asks it which pages are known, and what it finds is never computed.

// %%
{
    var mine = PrefixRun.yours(fastModel(), new MyKeys(), new MyEviction(), questions, systemTokens, quick() ? 2 : 8);
    System.out.println(mine);
    show(mine.table());
    show(mine.hits("4.2 hits"));
}

// %% [markdown]
// Compare with your guess. `known` is a multiple of 16: the page in which rules and question meet is never shared.

// %% [markdown]
// ## See: pages that are held
//
// Now all but the first come at once. Without sharing everybody holds a copy of the rules; with it they hold one.

// %%
{
    var apart = PrefixRun.together("apart", fastModel(), null, null, questions, systemTokens, quick() ? 3 : 8);
    var shared = PrefixRun.together("shared", fastModel(), new MyKeys(), new MyEviction(), questions, systemTokens, quick() ? 3 : 8);
    show(PrefixRun.pages(apart, shared));
}

// %% [markdown]
// So a prefix cache saves memory as well as time, and memory is what decides how many requests run at once (chapter 2.6).

// %% [markdown]
// ## See: the hit rate by room
//
// Conversations come back: each turn's prompt is all that was said before, and a question. 24 of them, with three system prompts, eight at a time. With few pages
// somebody has to go between two turns. Here page numbers alone are **played**, no model runs: hits need none. Your eviction beside two others:

// %%
HitRates.of(new MyKeys(), new MyEviction(), 48, 64, 96, 144, 192, 256, 320).chart()

// %% [markdown]
// With enough room everything but each new question is known, and no rule is needed. With less, forgetting the oldest keeps the conversations that are going on.
// With very little the oldest is just what comes back next, and even a coin does better.

// %% [markdown]
// ## Measure
//
// Two requests with the same system prompt, in rounds that each begin with nothing known; medians. `percentRead` is the share of tokens that still have to be
// read, the floor if only tokens cost time. Nearer than that nobody comes, and a few tokens cost more each than many: one pass reads all
// weights, however few rows it has.

// %%
{
    var times = PrefixTimes.of(fastModel(), new MyKeys(), new MyEviction(), quick() ? 128 : 512, quick() ? 1 : 5);
    System.out.println(times);
    show(times.table());
}

// %% [markdown]
// ## Where real systems differ
//
// - **vLLM** does what you did (`--enable-prefix-caching`): a hash for each full block of 16 tokens, chained to the block before, with the
//   tenant's `cache_salt` in the first; a free block keeps its content until it is taken, the one that was freed longest ago first.
// - **SGLang**'s `RadixAttention` holds the texts as a radix tree of token ids, and can share down to the single token. Its scheduler serves
//   requests with long hits first.
// - **llama.cpp** keeps whole slots: a request goes to the slot whose text begins most alike (`--slot-prompt-similarity`), and `cache_prompt` is 2.1's rule.
// - **MLX**: `mlx_lm.cache_prompt` writes a prompt's cache into a file, and its server keeps the caches of the latest conversations.
// - **Hosted services** bill known tokens at a lower price. So put what never changes in front, and the date at the end of the prompt: one early token that
//   changes makes all later ones unknown.
// - **A hit can be seen.** Who measures how fast answers come can find out whether somebody else has sent the same beginning. Salts keep tenants apart for this
//   reason.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Why are only full pages shared between requests?</summary>
// The page that is not full will be written: the next token goes there. Two requests would need a copy each at once, and its content has no final key.
// </details>
//
// <details><summary>2. A system prompt of 1,000 tokens, pages of 16, questions of 24 tokens. How many tokens does a second request read?</summary>
// 1,000 / 16 = 62.5, so 62 pages, 992 tokens, are known. 1,024 − 992 = 32 tokens are read.
// </details>
//
// <details><summary>3. 50 requests run, with a common prompt of 992 tokens and 200 tokens of their own each. How many pages, shared and not?</summary>
// Own: 13 pages (12.5 rounded up) each, 650. Common: 62, once or 50 times. 712 against 3,750: about a fifth.
// </details>
//
// <details><summary>4. A prompt is known to its very last token. Why is something read nevertheless?</summary>
// The cache holds keys and values, no logits. The last token has to pass through the model once more, and with it the page that it stands in.
// </details>
//
// <details><summary>5. Two pages have the same 64-bit key by accident. What may happen, and what is done about it?</summary>
// One sequence would read keys and values of another text. So what is found by a key is compared, token by token; then an accident costs a hit and
// nothing else.
// </details>
//
// <details><summary>6. Why does a page never go before the pages that build on it?</summary>
// Pages are found from the first on. What is behind a gap is never found again, and holds room until it goes itself.
// </details>
//
// <details><summary>7. Two equal prompts arrive in the same step. Is the second a hit?</summary>
// No: nothing is kept yet, both are computed. When their pages are kept the second one's are found to be known, and it takes the first one's in
// exchange for its own.
// </details>

// %% [markdown]
// ## Further
//
// - Zheng et al., *SGLang: Efficient Execution of Structured Language Model Programs* (2023): RadixAttention
// - Kwon et al., *Efficient Memory Management for Large Language Model Serving with PagedAttention* (2023): sharing and copy on write
// - Gim et al., *Prompt Cache: Modular Attention Reuse for Low-Latency Inference* (2023): pieces that are not at the beginning
// - Gu et al., *Auditing Prompt Caching in Language Model APIs* (2025): what the time of an answer gives away

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [4.1 Quantized and compressed KV cache](41-quantized-kv-cache.ipynb), where the pages themselves become smaller. Your progress:

// %%
progress()
