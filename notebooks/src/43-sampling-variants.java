// %% [markdown]
// # 4.3 Sampling variants
//
// Between the model's numbers and the token stands whoever may cross numbers out. **You will build** min-p, three penalties against repetition, and a
// **mask** that lets only those tokens come that keep to a grammar: a JSON Schema becomes an automaton over bytes, and the automaton says which of 150,000 tokens fit.
// **You will see** the allowed-token mask as the output grows. **You need** chapters 0.2 and 1.7. **About 85 minutes** (an estimate).
//
// Run the next cell: the model describes a book, and may write nothing that leaves the schema. Struck out is what it wanted to write instead.

// %% tags=["thumbnail"]
var schema = """
    {"type": "object", "properties": {
      "title": {"type": "string", "maxLength": 40},
      "year": {"type": "integer", "minimum": 1000, "maximum": 2100},
      "kind": {"enum": ["novel", "play", "poem"]},
      "topics": {"type": "array", "items": {"type": "string", "maxLength": 20}, "minItems": 1, "maxItems": 3}},
     "required": ["title", "year", "kind", "topics"], "additionalProperties": false}""";
var book = JsonSchema.compile(schema).expanded(); // what a text of the schema may be, byte by byte
var question = "Tell me about Romeo and Juliet.";
var finished = MaskedText.of(fastModel(), new Generator(fastModel()), new DerivativeAutomaton(book, new Derivative()), new AllowedTokens(),
    SamplingParams.GREEDY, question, quick() ? 40 : 60);
finished.picture()

// %% [markdown]
// The question says nothing of JSON. The first wish of the model is to chat, and the mask takes that away; once it stands inside of an object it mostly wants what it
// may write.

// %% [markdown]
// ## Predict
//
// The vocabulary has 151,665 tokens (SmolLM2: 49,152). The text so far is `{"title": "Romeo`. **What percentage of all tokens may come next?**
// Remember that a title may have blanks, Chinese characters and escapes, and that it has 40 characters at most.

// %%
predict("4.3 allowed", 30, "%")

// %% [markdown]
// ## The idea, small
//
// All that a sampler does before the draw is to change a row of logits $z$, `[V]`. With what was said before ($n_i$: how often token $i$ stands in the answer), a
// penalty $\theta$ by division, $\alpha$ for presence and $\beta$ for frequency, and the set $A$ of allowed tokens:
//
// $$z_i \leftarrow \begin{cases} z_i / \theta & z_i > 0 \\ z_i \cdot \theta & z_i \le 0 \end{cases} \;\text{if seen}, \qquad z_i \leftarrow z_i - \alpha\,[n_i > 0] - \beta\, n_i,
// \qquad z_i \leftarrow -\infty \;\text{if}\; i \notin A$$
//
// Then come temperature, top-k, top-p and min-p. The order counts: were the mask last, top-k might have kept forty tokens that are all forbidden.
// With $p_i$ the softmax of the row, min-p keeps $p_i \ge p \cdot \max_j p_j$. Four tokens, all of it at once:

// %%
Tensor z = Tensor.of(new float[] {2, 1, 0, -1}, 1, 4);
Tensor once = new RepetitionPenalty().apply(z, new int[][] {{0, 3}}, 2);        // tokens 0 and 3 were seen
Tensor counted = new AnswerPenalties().apply(z, new int[][] {{0, 0, 3}}, 0.5, 0.25);
Tensor masked = Tensor.where(Tensor.of(new float[] {0, 1, 1, 1}, 1, 4).gt(0), z, Tensor.scalar(Double.NEGATIVE_INFINITY));
Tables.of("rows of logits, and what they became", Tensor.concat(0, z, once, counted, masked, new MinP().keep(z, 0.3)), List.of("token 0", "token 1", "token 2", "token 3"))

// %% [markdown]
// ## Exercise 1: min-p
//
// Top-p trusts the tail when the model is unsure. Min-p asks each token for a share of the best one's probability: after "New Yor" one token passes, after "the" hundreds.
// Keep the tokens of **each row** with $p_i \ge p \cdot \max_j p_j$, all others become $-\infty$. `maxKeep(-1)` is `[B, 1]`, one number for each row.

// %% exercise="4.3 min-p"
class MyMinP implements MinPFn {
    /** logits [B, V], p in 0…1 -> [B, V]: a token stays with at least p times its row's largest probability. */
    public Tensor keep(Tensor logits, double p) {
        // BEGIN SOLUTION compare each probability with a share of its row's largest
        Tensor all = new Softmax().softmax(logits);
        return Tensor.where(all.ge(all.maxKeep(-1).mul(p)), logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
        // END SOLUTION
    }
}

// %% wrong="4.3 min-p"
class MyMinP implements MinPFn {
    public Tensor keep(Tensor logits, double p) {
        Tensor all = new Softmax().softmax(logits);
        return Tensor.where(all.ge(all.max().mul(p)), logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
    }
}

// %%
check("4.3 min-p", MyMinP::new)

// %%
// hint("4.3 min-p");
// solution("4.3 min-p");

// %% [markdown]
// ## See: min-p against top-p
//
// Both cut the tail, and at a high temperature they part. What stays of an opening, by your code and 1.7's top-p:

// %%
var opening = "My favourite thing about rainy Sundays is the";
TemperatureCut.of(fastModel(), Sampler.library().with(MyMinP::new), opening, 0.9, 0.1, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2)

// %%
{
    var next = NextToken.after(fastModel(), opening);
    var hot = new LinkedHashMap<String, SamplingParams>();
    hot.put("T = 1.5", new SamplingParams(1.5, 0, 1, 0, 1, 0));
    hot.put("and top-p 0.9", new SamplingParams(1.5, 0, 0.9, 0, 1, 0));
    hot.put("and min-p 0.1", new SamplingParams(1.5, 0, 1, 0.1, 1, 0));
    show(next.under("At T = 1.5 top-p leaves the tail its share, min-p gives it to the head", Sampler.library().with(MyMinP::new), hot));
}

// %% [markdown]
// ## Exercise 2: repetition penalty
//
// A model that always takes the most likely token walks in circles: what it has said makes it likelier to be said. The oldest remedy makes every token that was **seen**, in the prompt or in the answer,
// less likely by a factor. A logit may be negative, and −3 / 2 is *more* likely than −3: this is the trap.
//
// `seen[b]` holds the distinct ids of row $b$. Change the logits of these, and no others.

// %% exercise="4.3 repetition penalty"
class MyRepetition implements RepetitionPenaltyFn {
    /** logits [B, V] -> [B, V]; seen: the distinct ids of each row; penalty 1 changes nothing. */
    public Tensor apply(Tensor logits, int[][] seen, double penalty) {
        // BEGIN SOLUTION divide positive logits of seen tokens, multiply negative ones
        int vocabulary = logits.dim(1);
        float[] flags = new float[(int) logits.size()];
        for (int b = 0; b < seen.length; b++) {
            for (int id : seen[b]) flags[b * vocabulary + id] = 1;
        }
        Tensor lower = Tensor.where(logits.gt(0), logits.div(penalty), logits.mul(penalty));
        return Tensor.where(Tensor.of(flags, logits.shape()).gt(0), lower, logits);
        // END SOLUTION
    }
}

// %% wrong="4.3 repetition penalty"
class MyRepetition implements RepetitionPenaltyFn {
    public Tensor apply(Tensor logits, int[][] seen, double penalty) {
        int vocabulary = logits.dim(1);
        float[] flags = new float[(int) logits.size()];
        for (int b = 0; b < seen.length; b++) {
            for (int id : seen[b]) flags[b * vocabulary + id] = 1;
        }
        return Tensor.where(Tensor.of(flags, logits.shape()).gt(0), logits.div(penalty), logits);
    }
}

// %%
check("4.3 repetition penalty", MyRepetition::new)

// %%
// hint("4.3 repetition penalty");
// solution("4.3 repetition penalty");

// %% [markdown]
// ## Exercise 3: presence and frequency
//
// OpenAI's two are subtracted instead, and look at the **answer** alone: presence once from each token that stands there, frequency as often as it stands there.
// `answers[b]` holds row $b$'s answer so far, every token as often as it came.

// %% exercise="4.3 presence and frequency"
class MyCounts implements AnswerPenaltiesFn {
    /** logits [B, V] -> [B, V]; answers: the tokens of each row's answer so far. */
    public Tensor apply(Tensor logits, int[][] answers, double presence, double frequency) {
        // BEGIN SOLUTION take frequency for each time, and presence for the first
        int vocabulary = logits.dim(1);
        float[] taken = new float[(int) logits.size()];
        for (int b = 0; b < answers.length; b++) {
            Set<Integer> before = new HashSet<>();
            for (int id : answers[b]) {
                taken[b * vocabulary + id] += (float) (before.add(id) ? presence + frequency : frequency);
            }
        }
        return logits.sub(Tensor.of(taken, logits.shape()));
        // END SOLUTION
    }
}

// %% wrong="4.3 presence and frequency"
class MyCounts implements AnswerPenaltiesFn {
    public Tensor apply(Tensor logits, int[][] answers, double presence, double frequency) {
        int vocabulary = logits.dim(1);
        float[] taken = new float[(int) logits.size()];
        for (int b = 0; b < answers.length; b++) {
            for (int id : answers[b]) taken[b * vocabulary + id] += (float) (presence + frequency);
        }
        return logits.sub(Tensor.of(taken, logits.shape()));
    }
}

// %%
check("4.3 presence and frequency", MyCounts::new)

// %%
// hint("4.3 presence and frequency");
// solution("4.3 presence and frequency");

// %% [markdown]
// ## Plug it in: out of the loop
//
// The model goes on with a text, always by the most likely token, under each of your penalties. Counted is what stood in the answer before, by runs of four tokens.

// %%
Sampler mine() { return Sampler.library().with(MyMinP::new).with(MyRepetition::new).with(MyCounts::new); } // your classes as they are now

// %%
{
    var loops = Loops.of(fastModel(), mine(), "I like the sea. I like the sea and the", quick() ? 24 : 64)
        .repetition(1).repetition(1.1).repetition(1.3).answer(1.5, 0).answer(0, 1.5);
    show(loops.chart());
    show(loops.table());
}

// %% [markdown]
// A penalty knows no meaning: it takes from "the" and from a closing bracket what it takes from a phrase that is stuck. So strong ones make odd texts, and they break code.

// %% [markdown]
// ## Exercise 4: what may still come
//
// Now the grammar. `book` is an **expression**, made of four kinds of parts:
//
// | part | its texts |
// |---|---|
// | `Bytes(set)` | one byte out of the set |
// | `Seq(items)` | one after the other; `Expr.EMPTY` is the sequence of none |
// | `Choice(options)` | those of any option; `Expr.NOTHING` is the choice of none |
// | `Repeat(body, min, max)` | min to max rounds of the body; max may be `Expr.UNBOUNDED` |
//
// There is a way to read a text with it that needs no more than a question (Brzozowski, 1964): **one byte was read; what may still come?** The answer is an expression again, its
// *derivative*. After `a`, of `abc` there remains `bc`; of `a*` all of `a*`; of `cat|dog` nothing. Read byte by byte, and when `mayEnd` says yes the text is whole.
//
// Write both. `Expr.then(x, y)` and `Expr.anyOf(list)` put results together and simplify them: `then(NOTHING, y)` is `NOTHING`. Only thus equal rests become
// equal expressions, and dead ends are seen.

// %% exercise="4.3 derivative"
class MyDerivative implements DerivativeFn {
    public boolean mayEnd(Expr expr) {
        // BEGIN SOLUTION is the empty text one of its texts?
        return switch (expr) {
            case Expr.Seq s -> s.items().stream().allMatch(this::mayEnd);
            case Expr.Choice c -> c.options().stream().anyMatch(this::mayEnd);
            case Expr.Repeat r -> r.min() == 0 || mayEnd(r.body());
            default -> false;
        };
        // END SOLUTION
    }

    public Expr after(Expr expr, int value) {
        // BEGIN SOLUTION what each of the four kinds leaves behind this byte
        return switch (expr) {
            case Expr.Bytes b -> b.set().has(value) ? Expr.EMPTY : Expr.NOTHING;
            case Expr.Choice c -> Expr.anyOf(c.options().stream().map(option -> after(option, value)).toList());
            case Expr.Seq s when s.items().isEmpty() -> Expr.NOTHING;
            case Expr.Seq s -> {
                Expr head = s.items().getFirst();
                Expr tail = new Expr.Seq(s.items().subList(1, s.items().size()));
                Expr inside = Expr.then(after(head, value), tail);
                yield mayEnd(head) ? Expr.anyOf(List.of(inside, after(tail, value))) : inside;
            }
            case Expr.Repeat r -> {
                int most = r.max() == Expr.UNBOUNDED ? Expr.UNBOUNDED : r.max() - 1;
                yield Expr.then(after(r.body(), value), Expr.times(r.body(), Math.max(0, r.min() - 1), most));
            }
            default -> Expr.NOTHING;
        };
        // END SOLUTION
    }
}

// %% wrong="4.3 derivative"
class MyDerivative implements DerivativeFn {
    public boolean mayEnd(Expr expr) {
        return switch (expr) {
            case Expr.Seq s -> s.items().stream().allMatch(this::mayEnd);
            case Expr.Choice c -> c.options().stream().anyMatch(this::mayEnd);
            case Expr.Repeat r -> r.min() == 0 || mayEnd(r.body());
            default -> false;
        };
    }

    public Expr after(Expr expr, int value) {
        return switch (expr) {
            case Expr.Bytes b -> b.set().has(value) ? Expr.EMPTY : Expr.NOTHING;
            case Expr.Choice c -> Expr.anyOf(c.options().stream().map(option -> after(option, value)).toList());
            case Expr.Seq s when s.items().isEmpty() -> Expr.NOTHING;
            case Expr.Seq s -> Expr.then(after(s.items().getFirst(), value), new Expr.Seq(s.items().subList(1, s.items().size())));
            case Expr.Repeat r -> {
                int most = r.max() == Expr.UNBOUNDED ? Expr.UNBOUNDED : r.max() - 1;
                yield Expr.then(after(r.body(), value), Expr.times(r.body(), Math.max(0, r.min() - 1), most));
            }
            default -> Expr.NOTHING;
        };
    }
}

// %%
check("4.3 derivative", MyDerivative::new)

// %%
// hint("4.3 derivative");
// solution("4.3 derivative");

// %% [markdown]
// Each expression that comes up is a **state**, and gets a number; where a byte leads is worked out once. That is all that an automaton is. State −1: no text begins so.

// %%
{
    var automaton = new DerivativeAutomaton(book, new MyDerivative());
    for (String text : List.of("{\"title\": \"Romeo", "{\"title\": \"Romeo\", \"year\": 19", "{\"titel\"")) {
        int state = automaton.start();
        for (byte b : text.getBytes()) state = state < 0 ? state : automaton.next(state, b & 255);
        System.out.println("%-32s state %d of %d reached".formatted(text, state, automaton.size()));
    }
}

// %% [markdown]
// ## Exercise 5: the mask
//
// The model writes tokens, not bytes, and tokens respect no border: `","` is one token of Qwen that ends a string, goes on, and begins another. A token may hold half of a
// character. So a token is allowed when the automaton takes **all** its bytes, one after the other, and whatever state that leads to is fine.
//
// To try 150,000 tokens one by one would read most beginnings thousands of times. The vocabulary comes as a **tree**: the way from the root to a node spells bytes, `node.children()` are
// the ways on (`value()` is the byte), and `node.tokens()` are the ids that end there. Walk it together with the automaton: where `automaton.next(state, value)` is below 0, everything under that
// node is forbidden at once.
//
// - `allowed(state)` also has the bit `end` where `automaton.accepts(state)`. Without it no text could end; everywhere, none would be whole.
// - The mask of a state never changes. **Keep it**: inside of a string the same few states come again and again. `begin` forgets all.

// %% exercise="4.3 mask"
class MyMask implements AllowedTokensFn {
    ByteAutomaton automaton;
    TokenNode root;
    int end;
    Map<Integer, BitSet> known = new HashMap<>();

    public void begin(ByteAutomaton automaton, TokenNode root, int end) {
        this.automaton = automaton;
        this.root = root;
        this.end = end;
        known.clear();
    }

    public BitSet allowed(int state) {
        // BEGIN SOLUTION walk once for each state, and keep what was found
        BitSet mask = known.get(state);
        if (mask == null) {
            mask = new BitSet();
            walk(root, state, mask);
            mask.set(end, automaton.accepts(state));
            known.put(state, mask);
        }
        return mask;
        // END SOLUTION
    }

    void walk(TokenNode node, int state, BitSet mask) {
        // BEGIN SOLUTION void: into every child whose byte the automaton takes
        for (TokenNode child : node.children()) {
            int next = automaton.next(state, child.value());
            if (next >= 0) {
                for (int id : child.tokens()) mask.set(id);
                walk(child, next, mask);
            }
        }
        // END SOLUTION
    }
}

// %% wrong="4.3 mask"
class MyMask implements AllowedTokensFn {
    ByteAutomaton automaton;
    TokenNode root;
    int end;
    Map<Integer, BitSet> known = new HashMap<>();

    public void begin(ByteAutomaton automaton, TokenNode root, int end) {
        this.automaton = automaton;
        this.root = root;
        this.end = end;
        known.clear();
    }

    public BitSet allowed(int state) {
        BitSet mask = known.get(state);
        if (mask == null) {
            mask = new BitSet();
            walk(root, state, mask);
            mask.set(end, mask.isEmpty());
            known.put(state, mask);
        }
        return mask;
    }

    void walk(TokenNode node, int state, BitSet mask) {
        for (TokenNode child : node.children()) {
            int next = automaton.next(state, child.value());
            if (next >= 0) {
                for (int id : child.tokens()) mask.set(id);
                walk(child, next, mask);
            }
        }
    }
}

// %%
check("4.3 mask", MyMask::new)

// %%
// hint("4.3 mask");
// solution("4.3 mask");

// %% [markdown]
// ## Plug it in: JSON, whatever it costs
//
// Your derivative, your mask and your samplers in the real model. At $T = 1.2$, where free answers ramble; change schema and question.

// %%
DerivativeAutomaton automaton() { return new DerivativeAutomaton(book, new MyDerivative()); }
chat(new Generator(fastModel()).with(mine()).held(automaton(), new MyMask()), new SamplingParams(1.2, 0, 1, 0.1, 1, 3), question, quick() ? 40 : 80)

// %%
var asked = question + " Answer with a JSON object with the keys title (text), year (number), kind (novel, play or poem) and topics (a list of one to three texts), and nothing else.";

// %% [markdown]
// The same question with several seeds, asked for JSON in words alone, and held. `whole` is what your own automaton accepts from the first byte to the last.

// %%
{
    var hot = new SamplingParams(0.8, 0, 1, 0.1, 1, 1);
    var both = HeldAnswers.of(new Generator(fastModel()), automaton(), new MyMask(), hot, asked, quick() ? 2 : 4, quick() ? 48 : 80);
    System.out.println(both);
    show(both.table());
}

// %% [markdown]
// A mask does not make an answer true, only readable. And `cut off` is the gap that is left: the limit of tokens came before the last bracket. The library's `JsonConstraint` counts how many bytes
// each state is away from an end, and near the limit lets only such tokens come that still get there.

// %% [markdown]
// ## See: the mask as the output grows
//
// Now the model is told what is expected. Each row is one token, downwards. Compare with the first picture, and look where the count falls to a handful (keys, enums), where it is large (strings), and where much probability goes.

// %%
{
    var held = MaskedText.of(fastModel(), new Generator(fastModel()).with(mine()), automaton(), new MyMask(), SamplingParams.GREEDY, asked, quick() ? 40 : 60);
    show(held.picture());
    System.out.println("not told: " + finished);
    System.out.println("told:     " + held);
}

// %% [markdown]
// Watch `maxLength`, too: near the limit of a topic fewer and fewer tokens fit, until the mask closes the quotes in the middle of a name. That validates, and is nonsense.
//
// The last number is the product of what the masks left at each place: the chance that the model, drawing freely, would have kept to the schema all along. To say in the prompt what is
// expected is worth many powers of ten.

// %%
{
    var mask = new MyMask();
    var reader = automaton();
    mask.begin(reader, TokenTrie.of(fastModel().tokenizer()).root(), fastModel().tokenizer().vocabSize());
    int state = reader.start();
    for (byte b : "{\"title\": \"Romeo".getBytes()) state = reader.next(state, b & 255);
    int count = mask.allowed(state).cardinality(), all = fastModel().tokenizer().vocabSize();
    var guess = prediction("4.3 allowed").map(p -> "%.0f %%".formatted(p.guess())).orElse("none");
    System.out.println("%,d of %,d tokens may come, %.1f %%; your guess: %s".formatted(count, all, 100.0 * count / all, guess));
}

// %% [markdown]
// Most of the vocabulary is text, and inside of a string nearly any text is allowed. So a mask is strict in few places, and there it is very strict.
//
// Look at the first picture again, where a key comes in pieces (`topic`, `s` with Qwen, `t`, `it`, `l`, `e` with SmolLM2). The model meant another key. Of what was allowed it took the likeliest token,
// and then there was no way back: a mask looks one token ahead, and may lead a model along a cut of the text that it has never seen.

// %% [markdown]
// ## Measure
//
// What does a mask cost? Along the first text, with automata and masks that know nothing: each place the first time and again. The ceiling is one token of the model: what lies far below the dashed
// line is hidden in it.

// %%
{
    var cost = MaskCost.of(fastModel(), finished, () -> automaton(), new MyMask(), quick() ? 1 : 3);
    System.out.println(cost);
    show(cost.table());
    show(cost.chart());
}

// %% [markdown]
// A mask that is known costs nothing that you could measure beside the model; a first visit does. Other states of one string differ only by how many characters are left, and share nearly all of
// their mask: this is where the fast systems save, and the library's `TokenLoop` too.

// %% [markdown]
// ## Where real systems differ
//
// - **Outlines** (Willard and Louf) brought the idea of this chapter: regular expression → automaton → an index from state to tokens, all of it before the first token.
//   Schemas with long strings made that index slow to build.
// - **XGrammar**, the default of vLLM and SGLang, has a stack instead of states alone, so that values may hold values as deep as they like. It splits the
//   vocabulary: tokens whose fate depends on the top of the stack alone are masked ahead, the few others while running, and while the GPU computes.
// - **llguidance** (Microsoft; also in llama.cpp and vLLM) does what you did, and computes derivatives lazily while it walks the tree, with a lexer and an Earley parser on top: about 50 µs a mask.
// - **llama.cpp**'s GBNF grammars keep all stacks at once. It samples first and checks the one token; only when that is forbidden the whole vocabulary is tried.
// - **vLLM** calls it *structured outputs* (`guided_json` before): mask bits are made on the CPU and applied to a batch on the GPU. `min_p`, `presence_penalty` and their like are
//   per row there, as here.
// - **Forced tokens.** Where one way is left (`"title": "`), SGLang *jumps forward* and reads it like a prompt, without asking the model token by token.
// - **Blanks.** JSON allows as many as you like, and a model that starts with them may never stop. The library, like others, allows few.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A logit of −2 and one of 3 were seen, the penalty is 1.5. What are they now, and by which factor did each become less likely?</summary>
// −3 and 2. Each fell by 1, so by e = 2.7 before the row is normalized. By chance the same: a logit near 0 hardly changes at all, which is the weakness of a factor.
// </details>
//
// <details><summary>2. The best token has 30 %. How many tokens can min-p 0.1 keep at most?</summary>
// Each has at least 3 %, the best 30 %: (100 − 30) / 3 = 23.3, so 24 with the best.
// </details>
//
// <details><summary>3. Why has the mask to come before top-k?</summary>
// Top-k might keep only forbidden tokens, and nothing would be left to draw. Masked first, the k best allowed ones are kept.
// </details>
//
// <details><summary>4. Why is the automaton over bytes, and not over characters or tokens?</summary>
// Tokens are bytes: some hold half of a character. And the same text can be cut into tokens in many ways, while its bytes are what they are.
// </details>
//
// <details><summary>5. An expression for balanced brackets: why does Repeat not do, and what would?</summary>
// How many are open has to be remembered, without a limit, and states are finitely many. A rule that refers to itself does: its reader needs a stack.
// </details>
//
// <details><summary>6. In some state no token is allowed and the text may not end. How could that be, and what should an engine do?</summary>
// The language needs a byte there that no token begins with, or a dead end was taken for a way. The request fails with a sentence; its neighbours go on.
// </details>
//
// <details><summary>7. A mask removes 50 % of the probability at each of 10 tokens. How likely was such a text without it?</summary>
// 0.5^10: one in 1,024 texts. The model is then led along a way that it finds unlikely, and its answers become worse: tell it in the prompt what you expect.
// </details>

// %% [markdown]
// ## Further
//
// - Willard and Louf, *Efficient Guided Generation for Large Language Models* (2023)
// - Dong et al., *XGrammar: Flexible and Efficient Structured Generation Engine for Large Language Models* (2024)
// - Brzozowski, *Derivatives of Regular Expressions* (1964); Owens, Reppy and Turon, *Regular-expression derivatives re-examined* (2009)
// - Nguyen et al., *Turning Up the Heat: Min-p Sampling for Creative and Coherent LLM Outputs* (2024)
// - Keskar et al., *CTRL: A Conditional Transformer Language Model for Controllable Generation* (2019): the repetition penalty

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [3.8 Streaming server](38-streaming-server.ipynb), whose clients send all of these settings, and their schemas. Your progress:

// %%
progress()
