// %% [markdown]
// # 2.2 Quantized matrix product on a CPU
//
// Decoding is as fast as memory hands over weights, so weights of 4 bits can be eight times as fast as those of 32. **You will build** a
// quantizer, 4-bit packing, and the product that reads packed weights: as a loop, with the Vector API, and in C++ if you like. **You will see**
// what a model forgets with 8 … 2 bits, and how near to memory's limit each product comes. **You need** chapters 1.5 and 4.6.
// **About 85 minutes** (an estimate).
//
// Run the next cell: 64 real weights of the model, and the sixteen numbers that will stand for them.

// %% tags=["thumbnail"]
var matrix = model().weights().layers().get(5).downProj().weight(); // [E, I]
GroupErrors.of(GroupQuantizer::new, matrix).group(0, 64, 4)

// %% [markdown]
// ## Predict
//
// Every matrix of the model will be squeezed to 4 bits a weight. **In how many percent of the positions of a text will the most likely
// next token still be the same?**

// %%
predict("2.2 agreement", 75, "%")

// %% [markdown]
// ## The idea, small
//
// Neighbouring weights of a row form a **group** of $g$. Between the smallest and the largest of them lie $2^b$ marks in equal steps; a
// weight is replaced by the number of the mark next to it:
//
// $$w \approx s\,q + \beta, \qquad s = \frac{\max w - \min w}{2^b - 1}, \qquad \beta = \min w, \qquad q = \text{round}\!\left(\tfrac{w - \beta}{s}\right)$$
//
// | symbol | what it is | bytes for 64 weights of 4 bits |
// |---|---|---|
// | $q$ | code, a whole number 0 … $2^b - 1$ | 32 |
// | $s$, $\beta$ | scale and bias of the group, 16 bits each in a file | 4 |
// | $b$, $g$ | bits of a code, weights of a group | |
//
// 36 bytes stand for 256 of float32. Four weights on a page, 2 bits, so four marks:

// %%
float[] w = {-0.9f, 0.1f, 0.5f, 2.1f};      // marks at -0.9, 0.1, 1.1, 2.1: change a weight
AffineGroup four = new GroupQuantizer().quantize(w, 2);
show(four.scale() + " is the step, the codes are " + Arrays.toString(four.codes()));
Arrays.toString(four.values())

// %% [markdown]
// 0.5 lies between two marks and moves by 0.4; the error is at most half a step. One large weight widens the ruler for its whole group:
// make 2.1 to 9 and look. That is why groups are small.

// %% [markdown]
// ## Exercise 1: a group
//
// Write `quantize`: scale, bias and codes of a group by the formula above, for any number of bits. Weights are finite; they may all be
// above 0, or all equal. `Math.round(float)` gives the nearest int, and 0 for NaN.

// %% exercise="2.2 group"
class MyGroup implements GroupFn {
    /** weights [g], bits 2 to 8 -> scale, bias and g codes, each 0 to 2^bits - 1. */
    public AffineGroup quantize(float[] weights, int bits) {
        // BEGIN SOLUTION find both ends, divide the range into steps, round each weight to a mark
        float low = weights[0], high = weights[0];
        for (float x : weights) {
            low = Math.min(low, x);
            high = Math.max(high, x);
        }
        int most = (1 << bits) - 1;
        float scale = (high - low) / most;
        int[] codes = new int[weights.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = Math.clamp(Math.round((weights[i] - low) / scale), 0, most);
        }
        return new AffineGroup(scale, low, codes);
        // END SOLUTION
    }
}

// %% wrong="2.2 group"
class MyGroup implements GroupFn {
    public AffineGroup quantize(float[] weights, int bits) {
        float low = 0, high = 0;
        for (float x : weights) {
            low = Math.min(low, x);
            high = Math.max(high, x);
        }
        float scale = (high - low) / ((1 << bits) - 1);
        int[] codes = new int[weights.length];
        for (int i = 0; i < codes.length; i++) codes[i] = Math.round((weights[i] - low) / scale);
        return new AffineGroup(scale, low, codes);
    }
}

// %%
check("2.2 group", MyGroup::new)

// %%
// hint("2.2 group");
// solution("2.2 group");

// %% [markdown]
// ## See: bits against error
//
// Your quantizer on a real matrix. A bit more halves the step, so it halves the error. Smaller groups have narrower rulers, and pay for it with more
// scales: 32 bits for each group, one more bit a weight with groups of 32, a quarter with 128.

// %%
GroupErrors.of(MyGroup::new, matrix).byBits()

// %% [markdown]
// ## Exercise 2: packing
//
// A byte holds two codes of 4 bits, a word of 32 bits eight. The order is MLX's: code $i$ stands in word $i / 8$, and the first one in the
// lowest four bits. Java's `int` is signed, so move bits down with `>>>`, which fills up with zeros.
//
// | bits of the word | 31–28 | … | 11–8 | 7–4 | 3–0 |
// |---|---|---|---|---|---|
// | code | 7 | … | 2 | 1 | 0 |

// %% exercise="2.2 packing"
class MyPacking implements PackingFn {
    /** codes [n], each 0 to 15, n a multiple of 8 -> [n / 8] words. */
    public int[] pack(int[] codes) {
        // BEGIN SOLUTION lay each code beside the others of its word
        int[] words = new int[codes.length / 8];
        for (int i = 0; i < codes.length; i++) {
            words[i / 8] |= codes[i] << 4 * (i % 8);
        }
        return words;
        // END SOLUTION
    }

    /** The way back: words [m] -> [8 m] codes. */
    public int[] unpack(int[] words) {
        // BEGIN SOLUTION move the code down, keep its four bits
        int[] codes = new int[words.length * 8];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = words[i / 8] >>> 4 * (i % 8) & 15;
        }
        return codes;
        // END SOLUTION
    }
}

// %% wrong="2.2 packing"
class MyPacking implements PackingFn {
    public int[] pack(int[] codes) {
        int[] words = new int[codes.length / 8];
        for (int i = 0; i < codes.length; i++) words[i / 8] |= codes[i] << 28 - 4 * (i % 8);
        return words;
    }

    public int[] unpack(int[] words) {
        int[] codes = new int[words.length * 8];
        for (int i = 0; i < codes.length; i++) codes[i] = words[i / 8] >>> 28 - 4 * (i % 8) & 15;
        return codes;
    }
}

// %%
check("2.2 packing", MyPacking::new)

// %%
// hint("2.2 packing");
// solution("2.2 packing");

// %%
Integer.toHexString(new MyPacking().pack(new int[] {1, 2, 3, 4, 5, 6, 7, 8})[0]) // a hex digit is a code; read from the right

// %% [markdown]
// ## Exercise 3: the product as a loop
//
// $$y_r = \sum_c x_c\, W_{rc}, \qquad W_{rc} = s\,q + \beta$$
//
// $W$ `[rows, cols]` exists only as a `PackedRows`: `words()` `[rows, cols / 8]`, `scales()` and `biases()` `[rows, cols / groupSize()]`, row
// after row in one array each. Make each weight when it is needed, use it, forget it. Don't care about speed yet.

// %% exercise="2.2 loop"
class MyLoop implements QuantizedLinearFn {
    /** x [cols] -> [rows]. */
    public float[] apply(float[] x, PackedRows w) {
        // BEGIN SOLUTION for each row and column: the code, its scale and bias, times x
        float[] y = new float[w.rows()];
        for (int r = 0; r < y.length; r++) {
            float sum = 0;
            for (int c = 0; c < w.cols(); c++) {
                int code = w.words()[r * (w.cols() / 8) + c / 8] >>> 4 * (c % 8) & 15;
                int group = r * (w.cols() / w.groupSize()) + c / w.groupSize();
                sum += x[c] * (w.scales()[group] * code + w.biases()[group]);
            }
            y[r] = sum;
        }
        return y;
        // END SOLUTION
    }
}

// %% wrong="2.2 loop"
class MyLoop implements QuantizedLinearFn {
    public float[] apply(float[] x, PackedRows w) {
        float[] y = new float[w.rows()];
        for (int r = 0; r < y.length; r++) {
            for (int c = 0; c < w.cols(); c++) {
                int code = w.words()[r * (w.cols() / 8) + c / 8] >>> 4 * (c % 8) & 15;
                int group = c / w.groupSize();
                y[r] += x[c] * (w.scales()[group] * code + w.biases()[group]);
            }
        }
        return y;
    }
}

// %%
check("2.2 loop", MyLoop::new)

// %%
// hint("2.2 loop");
// solution("2.2 loop");

// %% [markdown]
// ## Exercise 4: a word at a time
//
// Two ideas make it forty times faster. **First**, scale and bias leave the inner loop. Over one group
//
// $$\sum_c x_c\,(s\,q_c + \beta) = s \sum_c x_c\,q_c \;+\; \beta \sum_c x_c$$
//
// and $\sum_c x_c$ is the same for all rows: one pass over $x$ before the rows computes it for every group.

// %% [markdown]
// **Second**, the CPU shifts eight lanes at once. Put the word into every lane, shift lane $i$ by $4i$ bits, keep four bits of each: eight codes,
// in order, ready to meet eight neighbours of $x$.

// %%
import jdk.incubator.vector.*;
IntVector.broadcast(IntVector.SPECIES_256, 0x87654321)
    .lanewise(VectorOperators.LSHR, IntVector.zero(IntVector.SPECIES_256).addIndex(4)).and(15)

// %% [markdown]
// Write the product so. `LANES` is 8, or 4 where vectors are short: then a word takes two rounds, `word >>> 4 * k` with k = 0 and 4. You need
// `FloatVector.fromArray(FLOATS, x, column)`, `a.fma(b, c)` for a·b + c, and at the end of a row `reduceLanes(VectorOperators.ADD)`. The codes
// become floats by `(FloatVector) codes.convert(VectorOperators.I2F, 0)`.

// %% exercise="2.2 vector"
class MyVector implements QuantizedLinearFn {
    static final VectorSpecies<Integer> INTS =
        IntVector.SPECIES_PREFERRED.length() < 8 ? IntVector.SPECIES_128 : IntVector.SPECIES_256;
    static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, INTS.vectorShape());
    static final int LANES = INTS.length();
    static final IntVector SHIFTS = IntVector.zero(INTS).addIndex(4); // 0, 4, 8 ...

    /** x [cols] -> [rows]. */
    public float[] apply(float[] x, PackedRows w) {
        // BEGIN SOLUTION sums of x by group; then for each row and group a sum in lanes, scaled once
        int size = w.groupSize(), groups = w.cols() / size, at = 0, word = 0;
        float[] sums = new float[groups];
        for (int c = 0; c < x.length; c++) sums[c / size] += x[c];
        float[] y = new float[w.rows()];
        for (int r = 0; r < y.length; r++) {
            FloatVector total = FloatVector.zero(FLOATS);
            float offset = 0;
            for (int g = 0; g < groups; g++, at++) {
                FloatVector sum = FloatVector.zero(FLOATS);
                for (int c = g * size; c < (g + 1) * size; c += 8, word++) {
                    for (int k = 0; k < 8; k += LANES) {
                        sum = FloatVector.fromArray(FLOATS, x, c + k).fma(codes(w.words()[word] >>> 4 * k), sum);
                    }
                }
                total = sum.fma(FloatVector.broadcast(FLOATS, w.scales()[at]), total);
                offset += w.biases()[at] * sums[g];
            }
            y[r] = total.reduceLanes(VectorOperators.ADD) + offset;
        }
        return y;
        // END SOLUTION
    }
    // BEGIN SOLUTION omit

    private FloatVector codes(int word) {
        IntVector lanes = IntVector.broadcast(INTS, word).lanewise(VectorOperators.LSHR, SHIFTS).and(15);
        return (FloatVector) lanes.convert(VectorOperators.I2F, 0);
    }
    // END SOLUTION
}

// %% wrong="2.2 vector"
class MyVector implements QuantizedLinearFn {
    public float[] apply(float[] x, PackedRows w) {
        float[] y = new float[w.rows()];
        int size = w.groupSize(), groups = w.cols() / size;
        for (int r = 0; r < y.length; r++) {
            float total = 0;
            for (int g = 0; g < groups; g++) {
                float sum = 0, sumX = 0;
                for (int c = g * size; c < (g + 1) * size; c++) {
                    sum += x[c] * (w.words()[(r * w.cols() + c) / 8] >>> 4 * (c % 8) & 15);
                }
                for (float v : x) sumX += v;
                total += w.scales()[r * groups + g] * sum + w.biases()[r * groups + g] * sumX;
            }
            y[r] = total;
        }
        return y;
    }
}

// %%
check("2.2 vector", MyVector::new)

// %%
// hint("2.2 vector");
// solution("2.2 vector");

// %% [markdown]
// ## Plug it in
//
// Your quantizer squeezes all MLPs of the model, your packing stores them, and your product computes with them, shared out over the cores by rows.
// The first token waits until everything is packed.

// %%
show(QuantizedMlp.sizes(model()));
var small = model().with(() -> new QuantizedMlp(MyVector::new, MyGroup::new, MyPacking::new));
chat(new Generator(small).cached(), SamplingParams.GREEDY, "Name three colours.", quick() ? 6 : 20)

// %% [markdown]
// ## Eight bits on the other side
//
// The product above turns every code into a float. CPUs have instructions for whole numbers that do four times as much in one step, so
// llama.cpp and this lab's own kernels also round **activations**: to signed 8 bits, with one scale for each block of 32. One says W4A8 for that,
// weights of 4 and activations of 8 bits; MLX computes W4A16.

// %%
float[] x = Tensor.normal(3, 32).toFloats();
Int8Blocks block = Int8Blocks.of(x);
show("scale " + block.scales()[0] + ", codes " + Arrays.toString(block.codes()));
x[0] + " became " + block.values()[0]

// %% [markdown]
// ## Exercise 5, optional: whole numbers, in C++
//
// The same product with such activations. In a block of 32 columns the floats stand outside, and inside there is nothing but whole numbers:
//
// $$y_r = \sum_{\text{blocks}} s_x \Big( s \sum_c q_c\, x_c + \beta \sum_c x_c \Big)$$
//
// The text is compiled by this machine's C++ compiler and runs in a process of its own, where every access is looked at: a wrong index is
// a sentence. `words[i] >> 4 * k & 15` is a code. Whether the compiler makes vectors of your loops is its choice: measure.

// %% exercise="2.2 C++"
class MyCpp implements KernelText {
    public String text() {
        return """
            // x [cols] with x_scales [cols / 32]; scales, biases [rows, cols / group]; y [rows]
            void linear(const uint32_t* words, const float* scales, const float* biases, const int8_t* x,
                        const float* x_scales, float* y, int rows, int cols, int group) {
              // BEGIN SOLUTION void: for each row and block of 32 columns two sums of ints, then the scales
              for (int r = 0; r < rows; ++r) {
                float total = 0;
                for (int b = 0; b < cols; b += 32) {
                  int products = 0, sum = 0;
                  for (int c = b; c < b + 32; ++c) {
                    int code = words[(r * cols + c) / 8] >> 4 * (c % 8) & 15;
                    products += code * x[c];
                    sum += x[c];
                  }
                  int g = (r * cols + b) / group;
                  total += x_scales[b / 32] * (scales[g] * products + biases[g] * sum);
                }
                y[r] = total;
              }
              // END SOLUTION
            }
            """;
    }
}

// %% wrong="2.2 C++"
class MyCpp implements KernelText {
    public String text() {
        return """
            void linear(const uint32_t* words, const float* scales, const float* biases, const int8_t* x,
                        const float* x_scales, float* y, int rows, int cols, int group) {
              for (int r = 0; r < rows; ++r) {
                float total = 0;
                for (int c = 0; c < cols; ++c) {
                  int code = words[(r * cols + c) / 8] >> 4 * (c % 8) & 15;
                  int g = (r * cols + c) / group;
                  total += (scales[g] * code + biases[g]) * x[c];
                }
                y[r] = total;
              }
            }
            """;
    }
}

// %%
check("2.2 C++", MyCpp::new)

// %%
// hint("2.2 C++");
// solution("2.2 C++");

// %% [markdown]
// ## See: what the model forgets
//
// Now every matrix of the model, with all bits and group sizes, on one text. Three numbers are compared with the weights as the file has them. **Perplexity**
// is $e$ to the mean surprise: among how many equally likely tokens the model seems to guess. **KL divergence** says how far the
// whole distribution has moved, in nats a token. **Agreement** counts positions with the same most likely token.

// %%
var text = """
    The lighthouse stood on a rock three miles from the coast. Every evening the keeper climbed the narrow stairs, lit the lamp and
    wrote the time into a large book. In winter the sea was often so rough that no boat could reach him for weeks, and he lived on bread,
    dried fish and tea. He did not mind the silence. When the fog came in, he rang the bell once a minute, all night long, because
    he knew that somewhere out there a captain was counting the strokes and trying to guess how far away the rock might be.
    One morning he found a small wooden box between the stones below the tower. It was locked, and it was heavier than it looked.""";
var loss = QuantizationLoss.of(model(), text);
loss.measure(64, quick() ? new int[] {8, 4, 2} : new int[] {8, 6, 5, 4, 3, 2});
show(loss.perplexity());
loss.agreement("2.2 agreement")

// %% [markdown]
// The dashed line of the second picture is your guess. Down to 5 bits little happens, 4 bits cost so small a model something, and below it falls off a
// cliff; larger models hold out longer. Beware of one thing: these files hold quantized weights already (SmolLM2 4 bits, Qwen2.5 mostly 5, in groups of 32),
// so what you see is what is lost **on top** of that, and marks that fall on the file's own marks cost nothing.

// %%
{
    int[] bits = quick() ? new int[] {4, 2} : new int[] {8, 6, 5, 4, 3, 2};
    show(loss.measure(32, bits).measure(128, bits).divergence());
}

// %% [markdown]
// At the same number of bytes, which is better: small groups with few bits, or large groups with more? Read it off: take a point of one line
// and look straight up and down. Then float against int8 activations: this lab's own kernels on the same weights.

// %%
{
    show(loss.measureInt8(64, quick() ? new int[] {4} : new int[] {8, 4}).table());
}

// %% [markdown]
// Rounding activations to 8 bits costs little beside 4-bit weights: compare the rows with the same bits and groups of 64. A group of 64 has
// sixteen marks; a block of 32 activations has 255.

// %% [markdown]
// ## Measure
//
// One product under this machine's roof, with the model's columns and more rows than a cache holds. Left of the bend memory decides, right of it arithmetic.
// A float32 weight is 4 bytes for two operations: 0.5 a byte. A 4-bit weight with its scales is 0.6 bytes: more than three. Moving right along the
// slope is what quantizing is for.

// %%
{
    var roofline = LinearRoofline.of(quick() ? 4096 : 32768, model().config().hiddenSize())
        .with("loop", MyLoop::new).with("Vector API", MyVector::new).withCpp("C++, int8", MyCpp::new).withLibraries();
    show(roofline.table());
    show(roofline.chart());
}

// %% [markdown]
// Yours run on one core, ours and MLX's on all compute threads. The loop is far below the roof: it waits for its divisions and for one sum. On x86 MLX's CPU
// form is written without vectors; on Apple's chips MLX computes this on the GPU.

// %% [markdown]
// ## The challenge
//
// Naive, yours, ours and MLX's on the same inputs, in turns; what is wrong gets no place. Your best is kept. Ideas: two rows at once share the loads of
// x; two sums in turn hide the latency of `fma`; in C++ the intrinsics are there, and on x86 `_mm256_maddubs_epi16` multiplies 32 unsigned codes with
// 32 signed activations at once.

// %%
challenge("2.2 matvec", MyLoop::new, MyVector::new, MyCpp::new)

// %% [markdown]
// ## Where real systems differ
//
// - **llama.cpp** has a type for every trade: `Q4_0` (no bias), `Q4_K` (scales of scales), importance-weighted `IQ2_XS`. It re-packs weights at load so that
//   8 or 16 rows lie side by side and no horizontal sum is left; so do this lab's kernels (`native/src/main/cpp/tinyllm/packing.h`).
// - **vLLM** and **SGLang** serve GPTQ and AWQ checkpoints: same groups of 4 bits, but the codes are chosen to keep the *outputs* of a layer on
//   sample texts, not the weights. The Marlin kernels unpack in registers.
// - **Activations.** FP8 on recent GPUs is what int8 is here; SmoothQuant moves the giants of chapter 1.4 from activations into weights first.
// - **MLX** quantizes with `mx.quantize(w, group_size, bits)`. Its bias is the end of the range that is farther from zero, so that 0 stays 0.

// %% [markdown]
// **How an operation of MLX is made.** `mx.quantized_matmul` is five things, and ours, in `native/src/main/cpp/tinyllm`, are made the same way:
//
// | step | what it is | in MLX | ours |
// |---|---|---|---|
// | operation | a function that checks shapes and returns a *lazy* array: dtype, shape, inputs, and a primitive that can compute it | `ops.cpp` | `primitives_linear.cpp` |
// | primitive | a class with the parameters (bits, group size); the node of the graph that you saw in 0.1 | `primitives.h` | `primitives.h` |
// | `eval_cpu` | runs when somebody looks at the array: allocates the output, does the work | `backend/cpu/quantized.cpp` | `linear.cpp`, `matmul.inl` |
// | `eval_gpu` | the same with a Metal or CUDA kernel: chapters 2.3a and 2.3b | `backend/metal` | `metal/` |
// | `vjp`, `jvp`, `vmap` | the gradient as new operations, and what a further axis does | in the primitive | none: nothing here is trained |

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. A model has 7 billion weights. How many GB in 4 bits, groups of 64, scale and bias of 16 bits each?</summary>
// 4 + 32 / 64 = 4.5 bits a weight: 7 · 10⁹ · 4.5 / 8 = 3.9 GB. In 16 bits it were 14.
// </details>
//
// <details><summary>2. Memory gives 20 GB/s. How many tokens a second can that model decode at most? And with 16 bits?</summary>
// Each token reads every weight once: 20 / 3.9 = 5.1, against 1.4.
// </details>
//
// <details><summary>3. A group has one weight of 4, all others lie within ±0.1. What happens to them with 4 bits?</summary>
// The step is about 4.1 / 15 = 0.27, so all the others land on one or two marks: they are as good as gone. This is what small groups guard against.
// </details>
//
// <details><summary>4. Why may the scale be multiplied once a group, and the sum of x be computed once for all rows?</summary>
// Σ x (s q + β) = s Σ x q + β Σ x, since s and β are constants of the group. Σ x has no row in it.
// </details>
//
// <details><summary>5. Σ q x over a block of 32 with q up to 15 and |x| up to 127: how many bits does it need?</summary>
// 32 · 15 · 127 = 60,960, so 17 bits with the sign: an int holds it with room to spare, 16 bits don't.
// </details>
//
// <details><summary>6. Prefill of 512 tokens uses the same weights. Does 4 bits make it eight times as fast too?</summary>
// No. Each weight is used 512 times, so arithmetic decides, not memory: it lies right of the bend. There int8 instructions help, and tiles (chapter 2.3b).
// </details>
//
// <details><summary>7. Perplexity grew by 1 %, and the text reads as before. Is everything as it was?</summary>
// Not for every task: perplexity is a mean over easy tokens too. Rare tokens, long sums, code and small languages suffer first; agreement and KL show more.
// </details>

// %% [markdown]
// ## Further
//
// - Dettmers et al., *LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale* (2022): the giants among activations
// - Frantar et al., *GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers* (2022)
// - Lin et al., *AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration* (2023)
// - JEP 508, *Vector API*; the GGUF specification, for the blocks of llama.cpp

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [4.5 First Metal kernels](45-small-kernels.ipynb), where a GPU's thousands of threads take over. Your progress so far:

// %%
progress()
