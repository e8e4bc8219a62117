// %% [markdown]
// # 0.2 Tokens
//
// A model never sees letters, only numbers from a fixed list, the **vocabulary**. **You will build** the merge loop that cuts text into
// those numbers, and the smallest language model there is. **You will see** what is cheap and what is dear to write in tokens, and
// Qwen2.5 reading through your loop. **You need** Java and chapter 0. **About 70 minutes** (an estimate).
//
// Run the next cell, then write your own sentence into it: your name, a number, another language, a line of code.

// %%
TokenCut.of(model().tokenizer(), "Tokenization isn't obvious: 1234, naïve café, 你好,   def f(x): return x")

// %% [markdown]
// Frequent words are one token, with their blank in front. Rare ones are put together from parts. Characters that the training text
// hardly had fall apart into **bytes**; so nothing is ever unknown: add `𓂀` or `ἀ` to the sentence. Neighbours of one colour lie in one
// **piece**, and no token crosses its border.

// %% [markdown]
// ## Predict
//
// In exercises 2 and 3 you build a model that knows one thing: which token followed which in a few dozen pages of text. On text that it has
// not seen, **how often will its first guess for the next token be right?**

// %%
predict("0.2 right", 10, "%")

// %% [markdown]
// ## The idea, small: learn to merge
//
// **Byte-pair encoding** (BPE) begins with 256 tokens, one for each byte. It counts all pairs of neighbours in a large text, makes the most
// frequent pair a new token, and counts again. The order in which pairs were learnt is their **rank**. Here are ten merges of a small text.

// %%
var small = LearnedMerges.learn("low lower lowest new newer newest wide wider widest slow slower", 10);
Tables.of(small.list())

// %% [markdown]
// Tokens 0 to 255 are the bytes, 256 is the pair of rank 0, and so on. Cutting a new text needs the table and one rule: **of all pairs that
// stand side by side, merge the one with the lowest rank, and begin again.** A word that never occurred gets the parts that it shares
// with others:

// %%
int[] cut = new MergeLoop().merge(LearnedMerges.symbols(" slowest"), small);
Arrays.stream(cut).mapToObj(small::text).toList()

// %% [markdown]
// ## Exercise 1: the merge loop
//
// You get the bytes of one piece as tokens and the table of merges: `merges.rank(left, right)`, which is `Merges.NEVER` (larger than every
// rank) for a pair that doesn't merge, and `merges.result(left, right)`, the token that two become. Among pairs of equal rank the leftmost goes
// first. A symbol −1 is a byte without a token: it merges with nothing, and stays. Speed doesn't matter, pieces are short.

// %% exercise="0.2 merge"
class MyMerge implements MergeFn {
    /** One symbol for each byte of a piece -> the tokens that are left when no pair merges any more. */
    public int[] merge(int[] symbols, Merges merges) {
        // BEGIN SOLUTION find the pair with the lowest rank, put its result in its place, begin again
        List<Integer> now = new ArrayList<>(Arrays.stream(symbols).boxed().toList());
        while (true) {
            int best = -1;
            int lowest = Merges.NEVER;
            for (int i = 0; i + 1 < now.size(); i++) {
                int rank = merges.rank(now.get(i), now.get(i + 1));
                if (rank < lowest) {
                    lowest = rank;
                    best = i;
                }
            }
            if (best < 0) {
                return now.stream().mapToInt(i -> i).toArray();
            }
            now.set(best, merges.result(now.get(best), now.get(best + 1)));
            now.remove(best + 1);
        }
        // END SOLUTION
    }
}

// %% wrong="0.2 merge"
class MyMerge implements MergeFn {
    public int[] merge(int[] symbols, Merges merges) {
        List<Integer> now = new ArrayList<>(Arrays.stream(symbols).boxed().toList());
        for (int i = 0; i + 1 < now.size(); ) {
            if (merges.rank(now.get(i), now.get(i + 1)) == Merges.NEVER) {
                i++;
            } else {
                now.set(i, merges.result(now.get(i), now.get(i + 1)));
                now.remove(i + 1);
                i = 0;
            }
        }
        return now.stream().mapToInt(n -> n).toArray();
    }
}

// %%
check("0.2 merge", MyMerge::new)

// %%
// hint("0.2 merge");
// solution("0.2 merge");

// %% [markdown]
// ## Plug it in
//
// The real tokenizer has ten thousands of merges and the same loop. Here is one word through yours, merge by merge, then the model that
// reads its prompt through your loop. A loop that loses a byte is stopped with a sentence, since the model would read something else.

// %% tags=["thumbnail"]
MergeTree.of(model().tokenizer(), " unbelievably", MyMerge::new)

// %%
chat(model().withMerge(MyMerge::new), "What is a token? One sentence.", quick() ? 4 : 16)

// %% [markdown]
// Try `" straße"` or a word of your own, with its blank. Which bytes stay alone, and at which rank do the last merges come? A high rank is a
// pair that was learnt late: a rare one.

// %% [markdown]
// ## Exercise 2: count and predict
//
// A **language model** gives every token a probability to come next. The smallest one looks at the last token only, and asks what followed it
// before. Of six "the" three were followed by "cat": then "cat" has probability $\tfrac{3}{6}$.
//
// $$P(\text{next} \mid \text{last}) = \frac{\text{count}(\text{last}, \text{next})}{\sum_{t} \text{count}(\text{last}, t)}$$
//
// `count` makes the table: token → (next token → count). `predict` turns a row into probabilities; a token that nothing ever followed
// gives an empty map. Maps, because a square table of Qwen's 151,665 tokens would have 23 billion cells, nearly all of them 0. (Its model has
// 151,936 rows for them: the last 271 belong to no token and only make the number a round one.)

// %% exercise="0.2 bigram"
class MyBigram implements BigramFn {
    /** A text's tokens -> for each token how often which one followed. */
    public SortedMap<Integer, SortedMap<Integer, Integer>> count(int[] tokens) {
        // BEGIN SOLUTION every pair of neighbours counts one
        SortedMap<Integer, SortedMap<Integer, Integer>> counts = new TreeMap<>();
        for (int i = 0; i + 1 < tokens.length; i++) {
            counts.computeIfAbsent(tokens[i], token -> new TreeMap<>()).merge(tokens[i + 1], 1, Integer::sum);
        }
        return counts;
        // END SOLUTION
    }

    /** The probability of each token that ever followed `last`; they sum to 1. */
    public SortedMap<Integer, Double> predict(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
        // BEGIN SOLUTION each count over the sum of its row; a missing row gives an empty map
        SortedMap<Integer, Double> probabilities = new TreeMap<>();
        SortedMap<Integer, Integer> row = counts.getOrDefault(last, new TreeMap<>());
        double total = row.values().stream().mapToInt(n -> n).sum();
        row.forEach((next, n) -> probabilities.put(next, n / total));
        return probabilities;
        // END SOLUTION
    }
}

// %% wrong="0.2 bigram"
class MyBigram implements BigramFn {
    public SortedMap<Integer, SortedMap<Integer, Integer>> count(int[] tokens) {
        SortedMap<Integer, SortedMap<Integer, Integer>> counts = new TreeMap<>();
        for (int i = 0; i + 1 < tokens.length; i++) {
            counts.computeIfAbsent(tokens[i + 1], token -> new TreeMap<>()).merge(tokens[i], 1, Integer::sum);
        }
        return counts;
    }

    public SortedMap<Integer, Double> predict(SortedMap<Integer, SortedMap<Integer, Integer>> counts, int last) {
        SortedMap<Integer, Double> probabilities = new TreeMap<>();
        SortedMap<Integer, Integer> row = counts.getOrDefault(last, new TreeMap<>());
        double total = row.values().stream().mapToInt(n -> n).sum();
        row.forEach((next, n) -> probabilities.put(next, n / total));
        return probabilities;
    }
}

// %%
check("0.2 bigram", MyBigram::new)

// %%
// hint("0.2 bigram");
// solution("0.2 bigram");

// %% [markdown]
// ## Exercise 3: one token out of a distribution
//
// Always the most likely token would write the same loop for ever. Lay the tokens side by side on a line from 0 to 1, in rising order of
// their ids, each as long as its probability, and take the one on which a random number $u$ falls. Rounding may leave the sum a little
// below 1: then the last token that has a probability at all.

// %% exercise="0.2 sample"
class MyChoice implements ChoiceFn {
    /** Token -> probability, and 0 <= u < 1: the token whose share of the line holds u. */
    public int choose(SortedMap<Integer, Double> probabilities, double u) {
        // BEGIN SOLUTION add up the probabilities until their sum is above u
        double sum = 0;
        int last = -1;
        for (Map.Entry<Integer, Double> entry : probabilities.entrySet()) {
            sum += entry.getValue();
            if (u < sum) {
                return entry.getKey();
            }
            last = entry.getValue() > 0 ? entry.getKey() : last;
        }
        return last;
        // END SOLUTION
    }
}

// %% wrong="0.2 sample"
class MyChoice implements ChoiceFn {
    public int choose(SortedMap<Integer, Double> probabilities, double u) {
        double sum = 0;
        for (Map.Entry<Integer, Double> entry : probabilities.entrySet()) {
            sum += entry.getValue();
            if (u <= sum) {
                return entry.getKey();
            }
        }
        return -1;
    }
}

// %%
check("0.2 sample", MyChoice::new)

// %%
// hint("0.2 sample");
// solution("0.2 sample");

// %% [markdown]
// ## See: the table, and the text that it writes
//
// The training text is this course: the prose of its chapters, cut by the real tokenizer, counted by you. Every row of the picture is
// one distribution; most cells are 0.

// %%
BigramText mine() { return BigramText.of(model().tokenizer(), CourseText.training(), MyBigram::new); } // counts anew each time
{
    var bigrams = mine();
    show(bigrams.summary());
    show(bigrams.table(20));
}

// %%
mine().followers(" attention", 8)

// %% [markdown]
// And it writes, with your dice. Each pair of words makes sense, and no sentence does: the model has forgotten everything but the last
// token. What a transformer adds is a look at *all* tokens before, and that is chapter 1.1.

// %%
for (int seed = 1; seed <= 3; seed++) {
    System.out.println("- " + mine().write("The model", 30, MyChoice::new, seed).replace("\n", " "));
}

// %% [markdown]
// ## See: what a sentence costs
//
// Everything in this course is counted in tokens: memory, time, money. The vocabulary was learnt from a text that was mostly English and code. The
// same sentence, the first of the Declaration of Human Rights, in thirteen languages:

// %%
show(Languages.of(model().tokenizer()).chart());
Languages.of(model().tokenizer()).table()

// %% [markdown]
// Two things add up. A byte of Greek costs more tokens, since the training text had less of it (Russian is cheap: it had much), and the same
// sentence has more bytes in UTF-8: the table's last column compares whole sentences, and Hindi pays six times what English does. That is slower,
// dearer, and fills the **context** sooner, the number of tokens that a model can read. Look at one: `TokenCut.of(model().tokenizer(), Languages.sentence("Greek"))`.

// %% [markdown]
// ## Measure
//
// One chapter was kept out of the training text. How often is the most likely next token the true one, for your table and for the model, on
// the same tokens? The ceiling is not 100 %: people don't write what can be predicted.

// %%
mine().compare(model(), CourseText.heldOut(), quick() ? 96 : 256, "0.2 right")

// %% [markdown]
// The line below the picture says how many of the true pairs never stood in the training text: there your table gives 0, and would give it
// however well you counted. A longer memory (three, four tokens) makes that worse: most longer rows of tokens are new. A model that only counts
// can't know that "cat" and "dog" are alike; one with vectors can.

// %% [markdown]
// ## Where real systems differ
//
// - **The loop** is a heap in **llama.cpp** (`llm_tokenizer_bpe`) and in this library's `BpeMerger`: a piece of a million bytes must not take a million squared steps. `tiktoken` keeps a plain loop for short pieces, as you did.
// - **The pieces** are cut by a regular expression before any merge; each model family has its own. Numbers are cut into single digits (Qwen) or groups of three (Llama 3).
// - **SentencePiece** models (Llama 2, Gemma) begin with characters instead of bytes and fall back to bytes.
// - **Special tokens** such as `<|im_start|>` are never made by merges: a user who types one must not become the system (chapter 1.6).
// - **vLLM** and **SGLang** tokenize on the CPU, in threads of their own, while the GPU computes.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Why bytes, and not characters, at the bottom?</summary>
// 256 bytes cover every text there is; Unicode has about 150,000 characters and grows. Nothing is ever unknown.
// </details>
//
// <details><summary>2. Ranks: (a, b) = 5, (b, c) = 2. How is "abc" cut, and how if the ranks were swapped?</summary>
// a | bc. With the ranks swapped: ab | c. The lower rank goes first, wherever it stands.
// </details>
//
// <details><summary>3. Does "cat" have the same token at the start of a text and after a blank?</summary>
// No: after a blank the piece is " cat", with the blank, and that is another token with another row of the embedding.
// </details>
//
// <details><summary>4. A vocabulary of 151,936 tokens, vectors of 896 numbers, 4 bytes each: how large is the embedding?</summary>
// 151,936 · 896 · 4 = 545 MB, more than a quarter of the 1.98 GB that the 0.5B model reads for a token.
// </details>
//
// <details><summary>5. A context holds 32,768 tokens. How many characters of English is that, at 4.5 characters a token? And of a language with 1.2?</summary>
// About 147,000, some sixty pages; and about 39,000.
// </details>
//
// <details><summary>6. Why does a model have trouble to count the letters of a word?</summary>
// It gets one number for the word, or a few. The letters are nowhere in its input; it can only have learnt the spelling by heart.
// </details>
//
// <details><summary>7. What is the probability of a pair that never stood in the training text, and why is that bad?</summary>
// 0, so a whole text with one such pair has probability 0. Real bigram models smooth: they give every pair a little.
// </details>

// %% [markdown]
// ## Further
//
// - Sennrich, Haddow and Birch, *Neural Machine Translation of Rare Words with Subword Units* (2016): BPE for text
// - Radford et al., *Language Models are Unsupervised Multitask Learners* (2019), section 2.2: bytes at the bottom
// - Petrov et al., *Language Model Tokenizers Introduce Unfairness Between Languages* (2023)
// - Shannon, *Prediction and Entropy of Printed English* (1951): people as language models

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md). Next: [1.1 Attention](11-attention.ipynb), how a token reads all tokens before
// it. Your progress so far:

// %%
progress()
