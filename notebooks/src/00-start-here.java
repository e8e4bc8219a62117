// %% [markdown]
// # 0 Start here
//
// The buttons, before anything else. **You will build** one line of Java. **You will see** what this machine can do, how fast the
// model writes on it, where your work lies, and the map of the course. **You need** Java, nothing else. **About 20 minutes** (an estimate).

// %% [markdown]
// A notebook is a page of cells, texts and code. Click into the next cell and press **Shift+Enter**: it runs, and the result appears
// below it. The first run waits until the model is loaded.

// %%
Machine.report()

// %% [markdown]
// No line of imports, no set-up: the kernel named *Tiny LLM (Java)* brings the library along. A cell shows the value of its last
// expression, and what it prints. You can change every cell and run it as often as you like.

// %%
int answer = 6 * 7;
System.out.println("printed");
answer

// %% [markdown]
// ## Predict
//
// Each chapter begins with a guess, and your own run answers it. The model is a list of numbers, its *weights*; to write one token
// (a word or a piece of one) the machine must read each of them once, except a table for the input, of which it needs one row. The
// table above says how many bytes that is and how fast this machine reads memory. **How many tokens can it write in a second?**

// %%
predict("0 speed", 10, "tokens/s")

// %% [markdown]
// ## What a model does
//
// Text is cut into tokens, each token is a number, and the model computes which token comes next. Then the same again, with the new
// token at the end. That is all; the chapters build it piece by piece.

// %%
var tokens = model().tokenizer().encode("The capital of France is");
System.out.println(Arrays.toString(tokens));
int next = (int) model().lastLogits(tokens).argmax(-1).item(); // the number with the highest score
model().tokenizer().decode(next)

// %% [markdown]
// ## A warm-up exercise
//
// Every exercise looks like this one: a text, a class with a gap, a check. Here it is about **shares**: `counts` is a table of numbers
// `[R, C]`, R rows and C columns, and each number is to become its share of its row. `counts.sumKeep(-1)` gives the sum of each row, as a
// column `[R, 1]`; `a.div(b)` divides, and a column is used for all columns.
//
// First run the cell and the check as they are: "not solved yet". Then replace the line with `todo` and run both again.

// %% exercise="0 warm-up"
class MyShares implements SharesFn {
    /** [R, C] -> [R, C]: every row divided by its sum. */
    public Tensor shares(Tensor counts) {
        // BEGIN SOLUTION divide every row by its sum
        return counts.div(counts.sumKeep(-1));
        // END SOLUTION
    }
}

// %% wrong="0 warm-up"
class MyShares implements SharesFn {
    public Tensor shares(Tensor counts) {
        return counts.div(counts.sum());
    }
}

// %%
check("0 warm-up", MyShares::new)

// %% [markdown]
// Try a mistake, too: `counts.div(counts.sum())` divides by the sum of everything. The check runs your class on inputs that it draws
// itself, compares with the library's, and names the mistake when it knows it. Stuck? Take away the slashes of a line below: each
// `hint` says a bit more than the one before, `solution` shows ours.

// %%
// hint("0 warm-up");
// solution("0 warm-up");

// %% [markdown]
// ## Plug it in
//
// Later your classes go into the model. This one goes into a table: which share of a text's letters is which?

// %%
Tensor letters = Tensor.of(new float[][] {{3, 1, 0, 4}, {10, 10, 20, 60}}); // counts of a, b, c, d in two texts
Tables.of("shares", new MyShares().shares(letters), List.of("a", "b", "c", "d"))

// %% [markdown]
// ## Running a class cell again
//
// Java's shell, which runs these cells, has one habit to know. When you run a cell that defines a class **again**, what was made with the
// old class does not follow: a `var` of that class, or made with it, becomes `null` (its type may even be unknown then: *cannot find
// symbol*), and the cure is to run its cell again. So the chapters keep no such variable: they write `MyShares::new`, or a method that makes
// a new one. Run these two cells, then the first one again, then the second: fine. Now put `var mine = new MyShares();` into a cell of its
// own, run the class above again, and ask for `mine`.

// %%
class Greeting {
    String text() { return "hello"; }
}

// %%
new Greeting().text()

// %% [markdown]
// ## Interrupt, restart
//
// - **A cell runs too long**: press the square in the toolbar (or `I` twice). Generation, checks and measurements stop within a moment.
//   Try it: take away the slashes below.
// - **Nothing reacts any more**, or a loop of your own doesn't stop: menu *Kernel → Restart* (or `0` twice). Your text stays, your progress
//   stays, variables and classes are gone. *Run → Run All Above Selected Cell* brings them back.
// - **Cells can run in any order**: the number in brackets says when a cell ran last. When in doubt, restart and run from the top.

// %%
// for (int i = 0; i < 600; i++) { Thread.sleep(100); System.out.print(i % 20 == 0 ? "." : ""); }

// %% [markdown]
// ## Where my work lies
//
// You edit copies in `notebooks/my/`; the chapters as they came are never touched. When a check turns green, your class is also kept as a Java file.
// `./lab chapter 00 --fresh` in a terminal puts a chapter aside and gives you a new one.

// %%
Machine.places()

// %% [markdown]
// ## See and measure
//
// The answer to your guess (dashed, once you have made one). The ceiling is memory speed over the bytes that a token needs. Our loop reads
// the whole text again for every token and stays below it, which chapter 2.1 ends; chapter 2.2 lifts the ceiling itself, since a weight
// need not have four bytes. Longer texts cost more: towards the right the line falls.

// %%
Speed.of(model(), "0 speed")

// %% [markdown]
// And as text. It streams; you can interrupt it.

// %%
chat(model(), "Say hello in three languages.", 16)

// %% [markdown]
// ## The map
//
// Three tracks: *how it works* ends with a Qwen2.5 that writes through your own Java, *kernels* makes the same text many times faster,
// *serving* brings many users at once. The number in the corner of a box is the reading order; read the first track up to 1.7 first.

// %% tags=["thumbnail"]
CourseMap.picture()

// %% [markdown]
// The picture is drawn from your progress: run the cell again after an evening. Each exercise can be skipped, since the library's own
// class stands in for yours. Words and symbols are explained once for all chapters: [notation](../notation.md), [glossary](../glossary.md).

// %% [markdown]
// ## Your own speed so far
//
// From the first check of an exercise to the green one, in minutes. It is for you alone: the file stays on this machine.

// %%
show(Pace.chart())

// %% [markdown]
// ## Where real systems differ
//
// vLLM, SGLang and llama.cpp do what these chapters do, with more models, more machines and fewer comments. MLX, which computes our
// arrays, is the same library that Apple's own examples (`mlx-lm`) use; here it is called from Java. What you build stays small
// enough to read.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. You changed a class and ran its cell, but the check still sees the old one. What did you forget?</summary>
// Nothing, if the cell ran without an error: the check makes a new object each time. Look for a compile error below the class cell; then the old class is still there, or none (<i>cannot find symbol</i>).
// </details>
//
// <details><summary>2. <code>mine</code> is suddenly null, or "cannot find symbol: variable mine". Why, and what helps?</summary>
// The class of <code>mine</code> was defined again, so the variable went. Run its cell again, or write <code>MyShares::new</code> where you need one.
// </details>
//
// <details><summary>3. A token needs 494 million weights of 4 bytes, memory is read at 20 GB/s. How many tokens per second at most? Qwen2.5-Coder 0.5B in memory has 630 million: which ones are not read?</summary>
// 494 million · 4 bytes = 1.98 GB; 20 / 1.98 = 10 tokens a second. The other 136 million are its input table, 151,936 rows of 896: a token needs one row.
// </details>
//
// <details><summary>4. And with 4.5 bits for each weight?</summary>
// 494 million · 4.5 / 8 = 0.28 GB; 20 / 0.28 = 72 tokens a second. This is chapter 2.2.
// </details>
//
// <details><summary>5. What is lost when the kernel restarts?</summary>
// Variables, classes and the loaded model, which loads again by itself. Not the notebook, not the progress, not the kept sources.
// </details>

// %% [markdown]
// ## Further
//
// - Jupyter's own tour: menu *Help → JupyterLab Reference*
// - `README.md` and `./lab --help`: the same models from a terminal
// - Karpathy, *Let's build GPT* (2023): the same ideas, in Python
//
// Next: [0.1 Tensors](01-tensors.ipynb), the four operations that everything rests on. All exercises, and how far you are:

// %%
progress()
