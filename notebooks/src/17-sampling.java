// %% [markdown]
// # 1.7 Sampling
//
// A model does not write a word, it gives every word a number; **sampling** turns the numbers into a choice. **You will build**
// temperature, top-k and top-p, each right for every row of a batch, and Qwen2.5 will choose its words by them. **You will see** what each
// does to a real distribution. **You need** chapter 1.1 (softmax) and 1.3 (`Tensor.where`). **About 60 minutes.**
//
// Run the next cell: it is the finished thing. Then change the text.

// %%
var opening = "My favourite thing about rainy Sundays is the";
var next = NextToken.after(model(), opening);
var temperatures = new LinkedHashMap<String, SamplingParams>();
for (double t : new double[] {0.5, 1, 1.5}) {
    temperatures.put("T = " + t, new SamplingParams(t, 0, 1, 0, 1, 0));
}
next.under("A low temperature piles the mass up, a high one spreads it", Sampler.library(), temperatures)

// %% [markdown]
// Each group of bars is one token that may come next, the most likely on the left. The model gives its whole vocabulary a
// probability; these are the first twelve.

// %% [markdown]
// ## Predict
//
// The model's vocabulary has tens of thousands of tokens. Take the most likely ones until they have 90 % of the probability together:
// **how many tokens is that, after this opening?** Write your guess. Your own top-p will count them.

// %%
predict("1.7 nucleus", 20, "tokens")

// %% [markdown]
// ## The idea, small
//
// The model's last layer gives one number per token of the vocabulary, the **logits** $z$, `[V]`; for a batch of $B$ texts `[B, V]`. With a
// temperature $T$ the probability of token $i$ is
//
// $$p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}}$$
//
// that is, the softmax of `logits / T`. $T = 1$ is what the model learned. As $T$ goes to 0 the largest logit takes all (*greedy*).

// %%
Tensor z = Tensor.of(new float[] {2, 1, 0, -1}, 1, 4); // [B = 1, V = 4]
for (double t : new double[] {0.25, 1, 4}) {
    show(new Softmax().softmax(z.div(t)));
}

// %% [markdown]
// The tail is the trouble. A hundred thousand bad tokens with 0.0001 % each have 10 % together: one word in ten would be nonsense. So
// the tail is cut before the draw: a filter sets logits to $-\infty$, and $e^{-\infty} = 0$.
//
// | filter | keeps | weakness |
// |---|---|---|
// | top-k | the k most likely | k is the same where one word fits and where a thousand do |
// | top-p | the most likely until they have the mass p | trusts the tail when the model is unsure |

// %% [markdown]
// All three exercises take logits `[B, V]` and return logits `[B, V]`: filters can follow each other, and the one softmax comes at the
// end. The library applies them in this order: temperature, top-k, top-p.
//
// ## Exercise 1: temperature
//
// One line. Don't care about $T = 0$: the sampler takes the largest logit then and never asks.

// %% exercise="1.7 temperature"
class MyTemperature implements TemperatureFn {
    /** logits [B, V] -> [B, V]; temperature > 0. */
    public Tensor scale(Tensor logits, double temperature) {
        // BEGIN SOLUTION make a low temperature push the logits apart, and a high one pull them together
        return logits.div(temperature);
        // END SOLUTION
    }
}

// %% wrong="1.7 temperature"
class MyTemperature implements TemperatureFn {
    public Tensor scale(Tensor logits, double temperature) {
        return logits.mul(temperature);
    }
}

// %%
check("1.7 temperature", MyTemperature::new)

// %%
// hint("1.7 temperature");
// solution("1.7 temperature");

// %% [markdown]
// ## Exercise 2: top-k
//
// Keep the $k$ largest logits of **each row**, set the others to $-\infty$: `Tensor.where(rank.lt(k), …, …)` chooses place by place, and
// `Tensor.scalar(Double.NEGATIVE_INFINITY)` is a tensor for every place. Two traps: a threshold for the whole batch, or the first row's
// ids for all rows, lets one user's text steer another's; and comparing with the $k$-th largest value keeps too many when values are equal.
//
// `argsort(-1)` sorts rising and tells *which token stands at a rank*. You need the reverse: *which rank a token has*.

// %%
Tensor x = Tensor.of(new float[] {10, 30, 20}, 1, 3);
show(x.neg().argsort(-1));             // at rank 0 stands token 1, then token 2, then token 0
show(x.neg().argsort(-1).argsort(-1)); // token 0 has rank 2, token 1 rank 0, token 2 rank 1

// %% exercise="1.7 top-k"
class MyTopK implements TopKFn {
    /** logits [B, V], k in 1…V -> [B, V]: the k largest of each row as they are, the others -inf. */
    public Tensor keep(Tensor logits, int k) {
        // BEGIN SOLUTION rank every token in its row; where the rank is below k keep the logit, else put -inf
        Tensor rank = logits.neg().argsort(-1).argsort(-1); // 0 is the most likely
        return Tensor.where(rank.lt(k), logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
        // END SOLUTION
    }
}

// %% wrong="1.7 top-k"
class MyTopK implements TopKFn {
    public Tensor keep(Tensor logits, int k) {
        Tensor rank = logits.slice(0, 0, 1).neg().argsort(-1).argsort(-1);
        return Tensor.where(rank.lt(k), logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
    }
}

// %%
check("1.7 top-k", MyTopK::new)

// %%
// hint("1.7 top-k");
// solution("1.7 top-k");

// %% [markdown]
// ## Exercise 3: top-p
//
// Sort a row's probabilities from large to small and add them up. A token stays **while the mass before it is below $p$**: the first
// always stays, and so does the one that carries the sum over $p$. With 0.4, 0.3, 0.2, 0.1 and $p = 0.5$ two tokens stay.
//
// | you need | it does |
// |---|---|
// | `order = logits.neg().argsort(-1)` | the ids from the most likely down |
// | `t.takeAlongAxis(order, -1)` | puts each row into that order |
// | `t.cumsum(-1)` | running sums along the row |
// | `t.takeAlongAxis(order.argsort(-1), -1)` | the way back to the order of the ids |

// %% exercise="1.7 top-p"
class MyTopP implements TopPFn {
    /** logits [B, V], p in (0, 1] -> [B, V]: a token stays while the mass of the more likely ones is below p. */
    public Tensor keep(Tensor logits, double p) {
        // BEGIN SOLUTION sort the probabilities, find the mass before each, keep while it is below p, put back into order
        Tensor order = logits.neg().argsort(-1);
        Tensor sorted = new Softmax().softmax(logits).takeAlongAxis(order, -1);
        Tensor before = sorted.cumsum(-1).sub(sorted);
        Tensor kept = before.lt(p).takeAlongAxis(order.argsort(-1), -1);
        return Tensor.where(kept, logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
        // END SOLUTION
    }
}

// %% wrong="1.7 top-p"
class MyTopP implements TopPFn {
    public Tensor keep(Tensor logits, double p) {
        Tensor order = logits.neg().argsort(-1);
        Tensor sorted = new Softmax().softmax(logits).takeAlongAxis(order, -1);
        Tensor kept = sorted.cumsum(-1).le(p).takeAlongAxis(order.argsort(-1), -1);
        return Tensor.where(kept, logits, Tensor.scalar(Double.NEGATIVE_INFINITY));
    }
}

// %%
check("1.7 top-p", MyTopP::new)

// %%
// hint("1.7 top-p");
// solution("1.7 top-p");

// %% [markdown]
// ## Plug it in
//
// Your three steps in the real sampler, and the sampler in the real model. The seed fixes the draw: run it twice and the text is the same;
// change the seed and it is another.

// %%
Sampler mine() { return Sampler.library().with(MyTemperature::new).with(MyTopK::new).with(MyTopP::new); } // your classes as they are now
var params = new SamplingParams(0.8, 40, 0.95, 0, 1, 7); // temperature, top-k, top-p, min-p, repetition penalty, seed
chat(new Generator(model()).with(mine()), params, "Tell me something nice about rain.", quick() ? 6 : 14)

// %% [markdown]
// And with the brake off: at $T = 2$ without a filter the tail has its say.

// %%
chat(new Generator(model()).with(mine()), new SamplingParams(2, 0, 1, 0, 1, 7), "Tell me something nice about rain.", quick() ? 6 : 14)

// %% [markdown]
// ## See
//
// The same opening under each filter, by your code. What is left shares the mass of what was cut, so the bars that stay grow.

// %%
var plain = new SamplingParams(1, 0, 1, 0, 1, 0);
var settings = new LinkedHashMap<String, SamplingParams>();
settings.put("as it is", plain);
settings.put("top-k 4", new SamplingParams(1, 4, 1, 0, 1, 0));
settings.put("top-p 0.5", new SamplingParams(1, 0, 0.5, 0, 1, 0));
next.under("A filter cuts the tail, and the rest shares its mass", mine(), settings)

// %% [markdown]
// Here is the answer to your guess, counted by your top-p.

// %%
{
    int kept = next.kept(mine(), new SamplingParams(1, 0, 0.9, 0, 1, 0));
    var guess = prediction("1.7 nucleus").map(p -> "%.0f".formatted(p.guess())).orElse("none");
    System.out.println("top-p 0.9 keeps %,d of %,d tokens; your guess: %s".formatted(kept, next.logits().dim(0), guess));
}

// %% [markdown]
// That is the point of top-p: the nucleus breathes. Inside a word there is one way to go on, after "the" there are many hundreds. A
// fixed $k$ is too large here and too small there.

// %%
NucleusSizes.of(model(), mine(), new SamplingParams(1, 0, 0.9, 0, 1, 0), opening + " smell of coffee in the kitchen.")

// %% [markdown]
// ## Measure
//
// What does a choice cost beside the model that feeds it? Medians of nine runs on one row of logits. Sorting the whole vocabulary is the
// expensive part; the floor is the time to read the $V$ numbers once.

// %%
SamplingCost.of(model(), mine(), opening)

// %% [markdown]
// On one row the model dwarfs it. At 64 texts in one step sampling runs 64 times while the model's time hardly grows: then a Java
// loop over 64 × 151,936 logits is a bottleneck, and chapter 2.6 gives it a kernel.

// %% [markdown]
// ## Where real systems differ
//
// - **They do not sort.** vLLM and SGLang use FlashInfer's rejection sampling: draw, look whether the token is inside the nucleus, draw again.
//   llama.cpp keeps a candidate list and sorts only as much as the next sampler in its chain needs.
// - **The order is a choice.** llama.cpp applies top-k, top-p, min-p and then the temperature by default; Hugging Face and vLLM the temperature
//   first. The same numbers give different texts.
// - **More filters.** min-p (a share of the best token's probability), typical sampling, DRY and XTC against repetition, `logit_bias`, grammars:
//   [chapter 4.3](43-sampling-variants.ipynb).
// - **A seed per request.** A generator shared by a batch gives another text when a neighbour joins. Ours draws number $n$ of (seed, $n$),
//   so a text does not depend on who else is served.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. Logits 2 and 1. What are the probabilities at T = 1 and at T = 0.5?</summary>
// T = 1: 1 / (1 + e^-1) = 73 % and 27 %. T = 0.5 doubles the distance: 1 / (1 + e^-2) = 88 % and 12 %.
// </details>
//
// <details><summary>2. Why is a cut logit set to −∞ and not to 0?</summary>
// exp(0) = 1: a logit of 0 is a perfectly likely token wherever the others are negative. exp(−∞) = 0.
// </details>
//
// <details><summary>3. Is top-k = 1 the same as greedy? At every temperature?</summary>
// Yes. One token is left, and it has probability 1, whatever the temperature. Only ties could differ.
// </details>
//
// <details><summary>4. 100,000 tokens have 0.00005 % each. How often does plain sampling pick one of them, in a text of 200 tokens?</summary>
// Together they have 5 %. 200 draws hit them 10 times on average; without any hit 0.95^200 = 0.004 %.
// </details>
//
// <details><summary>5. Does top-p come out differently when the temperature is applied after it?</summary>
// Yes. The nucleus of a flattened distribution is larger. Here the temperature comes first, so a hot text also gets a larger nucleus.
// </details>
//
// <details><summary>6. Two texts in a batch, and a filter that mixes their rows. Why may every test with one text pass?</summary>
// With B = 1 there is nothing to mix. This is why the check uses rows that differ.
// </details>

// %% [markdown]
// ## Further
//
// - Holtzman et al., *The Curious Case of Neural Text Degeneration* (2020): top-p
// - Fan et al., *Hierarchical Neural Story Generation* (2018): top-k
// - Nguyen et al., *Turning Up the Heat: Min-p Sampling* (2024)
// - Guo et al., *On Calibration of Modern Neural Networks* (2017): what a temperature corrects

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// That was the way from a prompt to its answer: every part of it is one that you have written. Next:
// [2.1 KV cache](21-kv-cache.ipynb), where a token stops paying for the whole text. Your progress:

// %%
progress()
