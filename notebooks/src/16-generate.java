// %% [markdown]
// # 1.6 Generate
//
// A language model only ever answers one question: what comes next? **You will build** the two things that make a conversation of it, the
// chat template and the decode loop, and Qwen2.5 will talk through them. **You will see** how sure the model is of each token, and why
// its time per token grows. **You need** chapter 1.5 (the model). **About 60 minutes.**
//
// Run the next cell: a generated text, each token coloured by its probability. Point at a token to see what else it could have been.

// %%
var question = "Write one short sentence about the sea.";
ColoredText.of(model(), new Generator(model()), question, quick() ? 6 : 14)

// %% [markdown]
// White tokens were nearly certain, orange ones a choice. The end of a word that takes several tokens is mostly white: its beginning leaves
// little else.

// %% [markdown]
// ## Predict
//
// The model reads the whole text again for each new token. **After 256 tokens, how many times as long does one more token take as after 16?**

// %%
predict("1.6 slower", 16, "times")

// %% [markdown]
// ## The idea, small
//
// Write $x_1 \dots x_n$ for the tokens so far. The model gives logits `[V]` for the token after them; **greedy** decoding takes the largest:
//
// $$x_{n+1} = \arg\max \; \text{model}(x_1 \dots x_n)$$
//
// Append it, ask again. The first call reads the whole prompt at once: **prefill**. Each later one adds one token: **decode**. It is over when the
// model chooses its end token, or at a limit. Here are three turns by hand:

// %%
int[] text = model().tokenizer().encode("One, two, three,");
for (int turn = 0; turn < 3; turn++) {
    int chosen = model().lastLogits(text).argmax(0).toInts()[0]; // [V] -> one id
    text = Arrays.copyOf(text, text.length + 1);
    text[text.length - 1] = chosen;
    System.out.println(model().tokenizer().decode(text));
}

// %% [markdown]
// ## Exercise 1: the chat template
//
// Nothing in the model knows of questions and answers. It was *trained* on conversations written in one fixed way, and it behaves
// like an assistant only if yours is written in the same way, to the newline. Qwen's way is **ChatML**:
//
// ```
// <|im_start|>system
// You are helpful.<|im_end|>
// <|im_start|>user
// Hi!<|im_end|>
// <|im_start|>assistant
// ```
//
// Every line above ends in a newline, the last one too. It is left open: what comes next is the answer.

// %% [markdown]
// Write `render`. When the conversation doesn't begin with a system message, one with `defaultSystem` comes first. The open assistant turn
// comes only when `addGenerationPrompt` is true. `Message` is a record of `role()` and `content()`; the content goes in as it is. Put it
// together with `+` and `\n`: a line that begins with `%`, even in a text block, is taken for one of the notebook's own commands.

// %% exercise="1.6 template"
class MyTemplate implements PromptFn {
    public String render(List<Message> messages, String defaultSystem, boolean addGenerationPrompt) {
        // BEGIN SOLUTION a system message if there is none, every message as ChatML, and the open assistant turn if asked for
        StringBuilder text = new StringBuilder();
        if (messages.isEmpty() || !messages.getFirst().role().equals("system")) {
            text.append(turn("system", defaultSystem));
        }
        for (Message m : messages) {
            text.append(turn(m.role(), m.content()));
        }
        return addGenerationPrompt ? text + "<|im_start|>assistant\n" : text.toString();
        // END SOLUTION
    }

    String turn(String role, String content) {
        // BEGIN SOLUTION one message as ChatML
        return "<|im_start|>" + role + "\n" + content + "<|im_end|>\n";
        // END SOLUTION
    }
}

// %% wrong="1.6 template"
class MyTemplate implements PromptFn {
    public String render(List<Message> messages, String defaultSystem, boolean addGenerationPrompt) {
        StringBuilder text = new StringBuilder();
        for (Message m : messages) {
            text.append("<|im_start|>" + m.role() + "\n" + m.content() + "<|im_end|>\n");
        }
        return addGenerationPrompt ? text + "<|im_start|>assistant\n" : text.toString();
    }
}

// %%
check("1.6 template", MyTemplate::new)

// %%
// hint("1.6 template");
// solution("1.6 template");

// %% [markdown]
// `<|im_start|>` is one token, not twelve characters: a **special** token. Beware: if a *user* writes `<|im_end|>`, it must stay
// plain text, or they could speak as the system. The library keeps apart what the template wrote and what the user wrote; a plain
// string, like yours, can't. Compare the ids:

// %%
var tokenizer = model().tokenizer();
System.out.println("from the template: " + Arrays.toString(tokenizer.encodeWithSpecials("<|im_start|>")));
System.out.println("from a user:       " + Arrays.toString(tokenizer.encode("<|im_start|>")));

// %% [markdown]
// ## Exercise 2: the decode loop
//
// Now the loop itself. `model.after(tokens)` gives the logits after the *whole* text so far, `choose.token(logits)` picks an id, `isEnd.test(id)`
// tells whether the text is over. Return the generated ids only: no prompt, no end token, at most `maxTokens`.

// %% exercise="1.6 generate"
class MyLoop implements GenerateFn {
    public int[] generate(NextLogits model, int[] prompt, int maxTokens, IntPredicate isEnd, Choose choose) {
        // BEGIN SOLUTION ask, choose, stop or append, again
        int[] text = Arrays.copyOf(prompt, prompt.length + maxTokens);
        int length = prompt.length;
        while (length < text.length) {
            int next = choose.token(model.after(Arrays.copyOf(text, length)));
            if (isEnd.test(next)) {
                break;
            }
            text[length++] = next;
        }
        return Arrays.copyOfRange(text, prompt.length, length);
        // END SOLUTION
    }
}

// %% wrong="1.6 generate"
class MyLoop implements GenerateFn {
    public int[] generate(NextLogits model, int[] prompt, int maxTokens, IntPredicate isEnd, Choose choose) {
        int[] text = Arrays.copyOf(prompt, prompt.length + maxTokens);
        int length = prompt.length;
        while (length < text.length) {
            int next = choose.token(model.after(Arrays.copyOf(text, length)));
            text[length++] = next;
            if (isEnd.test(next)) {
                break;
            }
        }
        return Arrays.copyOfRange(text, prompt.length, length);
    }
}

// %%
check("1.6 generate", MyLoop::new)

// %%
// hint("1.6 generate");
// solution("1.6 generate");

// %% [markdown]
// ## Plug it in
//
// Your template writes the prompt, your loop drives the model. `Generator` brings the sampler and turns ids into text as they come. The
// *finish reason* in brackets says why it ended: `stop`, the model chose its end token, or `length`, the limit came first.

// %%
Generator generator() { return new Generator(model()).with(new MyLoop()); } // with the loop as it is now
{
    var asked = List.of(new Message("user", question));
    String prompt = new MyTemplate().render(asked, "You are a sailor.", true);
    int[] ids = tokenizer.encodeWithSpecials(prompt);
    var answer = generator().complete(ids, SamplingParams.GREEDY, quick() ? 6 : 14, System.out::print);
    System.out.println("\n%d tokens after a prompt of %d (%s)".formatted(
            answer.tokens().size(), answer.promptTokens(), answer.finishReason()));
}

// %% [markdown]
// What is the template worth? The same question without it: the model goes on with the *text*, as if you had begun a page.

// %%
{
    var page = generator().complete(tokenizer.encode(question), SamplingParams.GREEDY, quick() ? 6 : 14, System.out::print);
    System.out.println("\n(" + page.finishReason() + ")");
}

// %% [markdown]
// ## See
//
// Your loop's text with the probability of every token. Try a question of fact: where does the model waver? Point at a token: its
// rank among all tokens, and the best five at its place. Below it the same as a film that grows token by token, with what the model
// thought of before it chose.

// %%
{
    var told = ColoredText.of(model(), generator(), "What is the capital of Australia?", quick() ? 6 : 12);
    show(told);
    show(told.film());
}

// %% [markdown]
// ## Measure
//
// Time for one more token after texts of growing length: medians of three runs. This is the answer to your guess.

// %%
TimePerToken.of(model(), quick() ? new int[] {8, 32, 64} : new int[] {16, 32, 64, 128, 256})

// %% [markdown]
// A token's work is about $2 \cdot P$ operations for a model of $P$ weights, and without memory of the past a text of $n$ tokens costs $n$ times that
// *for each new token*: $O(n^2)$ for a whole answer. At short lengths the curve is flatter: there the time goes into reading the weights once,
// whatever $n$ is. The cure is to keep what was computed for the old tokens: the KV cache of chapter 2.1 makes one more token cost the same
// at any length, nearly.

// %% [markdown]
// ## Where real systems differ
//
// - **They cache.** No engine reads the text again; prefill and decode are separate phases with separate kernels. vLLM's scheduler mixes both in
//   one step (chapters 2.6, 2.7).
// - **The template comes with the model.** It is a small Jinja program in `tokenizer_config.json` or in the GGUF file; tools and thinking modes
//   are part of it. llama.cpp (`--jinja`), vLLM and SGLang run that program, and so does this library (`model().chatTemplate()`).
// - **Text is streamed.** A token may end in the middle of a character: emoji take several. Engines hold bytes back until a character is whole.
// - **Stop strings.** A request may name strings that end the text; they can span tokens, so text is held back while it could still become one.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A prompt of 100 tokens, an answer of 50, nothing cached. How many tokens does the model read in all?</summary>
// The k-th call reads 100 + k − 1 tokens: 50 · 100 + (0 + … + 49) = 5,000 + 1,225 = 6,225. With a cache it is 149.
// </details>
//
// <details><summary>2. Why is the assistant's turn left open?</summary>
// The model continues text. After an open turn the likely continuation is an answer; after a closed one it is another message.
// </details>
//
// <details><summary>3. Greedy decoding takes the most likely token each time. Is the whole text the most likely one?</summary>
// No. A likely first token may lead only to unlikely continuations. Beam search looks at several; chat models rarely use it.
// </details>
//
// <details><summary>4. Where does the end token come from?</summary>
// From training: every assistant turn ended in &lt;|im_end|&gt;, so the model has learned to predict it when an answer is complete.
// </details>
//
// <details><summary>5. Two runs give different texts at temperature 0. What can it be?</summary>
// Two logits that are nearly equal, and sums that were rounded in another order: other threads, another batch, another kernel.
// </details>

// %% [markdown]
// ## Further
//
// - *Chat templates*, Hugging Face Transformers documentation
// - Pope et al., *Efficiently Scaling Transformer Inference* (2022): prefill and decode
// - Holtzman et al., *The Curious Case of Neural Text Degeneration* (2020): why greedy text repeats itself

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [1.7 Sampling](17-sampling.ipynb), where the most likely token loses its privilege.

// %%
progress()
