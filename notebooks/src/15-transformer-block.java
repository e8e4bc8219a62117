// %% [markdown]
// # 1.5 The transformer block
//
// A language model is a table, one block repeated two dozen times, and the table again. **You will build** all of it: the reader of a
// weight file, the embedding, the attention layer, the block, the whole Qwen2 model, and what makes it a Qwen3. **You will see** the
// model's guess ripen from layer to layer. **You need** chapters 1.1 to 1.4. **About 90 minutes**; exercises 1 and 6 are optional.
//
// Run the next cell: it is the finished thing, on a real model, and takes another text too.

// %%
var text = "The capital of France is";
LogitLens.of(model(), text).picture()

// %% [markdown]
// Read a column from top to bottom: it is what the model would say after this token if it stopped at that layer. At the top it can only
// repeat the token, in the middle it speaks in riddles, and near the bottom the answer stands.

// %% [markdown]
// ## Predict
//
// Qwen2.5 0.5B has 24 layers (SmolLM2, in quick mode, 30). **After how many layers does the answer come first, and stay there?** The
// picture above told you for one text. Guess for "The opposite of hot is"; your own model will say.

// %%
predict("1.5 layers", 12, "layers")

// %% [markdown]
// ## The idea, small
//
// Every token has one vector $x$ of width $E$, and it flows through the model as through a pipe: the **residual stream**. No layer
// replaces it. A layer reads a normalised copy, computes something, and **adds** it:
//
// $$h = x + \text{attention}(\text{norm}_1(x)) \qquad\qquad x' = h + \text{mlp}(\text{norm}_2(h))$$
//
// | symbol | shape | what it is |
// |---|---|---|
// | $x$, $h$, $x'$ | `[B, L, E]` | the stream before, between and after the two halves of a block |
// | $\text{norm}_1, \text{norm}_2$ | weights `[E]` | RMSNorm (1.4), so that a half sees numbers of one size |
// | attention | | the only place where tokens read each other (1.1 to 1.3) |
// | mlp | | works on each token alone (1.4) |

// %% [markdown]
// The same with one token and two dimensions. Attention found something and adds it; the MLP, which sees the sum, adds its own. What was
// there stays: subtract both additions, and the embedding is back.

// %%
Tensor x = Tensor.of(new float[] {3, 1}, 1, 2);        // the embedding of a token
Tensor found = Tensor.of(new float[] {0, 2}, 1, 2);    // what attention read elsewhere
Tensor h = x.add(found);
Tensor thought = h.mul(Tensor.of(new float[] {-0.5f, 1}, 1, 2)); // some MLP
show(h.add(thought));
h.add(thought).sub(thought).sub(found)

// %% [markdown]
// ## Exercise 1 (optional): the header of a weight file
//
// A safetensors file has three parts: 8 bytes with a number $n$ (little-endian), $n$ bytes of JSON, and the numbers. This is a real
// one: layer 0 of your model. The JSON says for each tensor its dtype, its shape, and where its bytes begin and end, **counted from the
// start of the third part**.

// %%
byte[] file = SafetensorsBytes.layer(model(), 0);
System.out.println(HexFormat.ofDelimiter(" ").formatHex(file, 0, 8));
new String(file, 8, 420)

// %% [markdown]
// Write the reader. `StrictJson.object(bytes, "the header")` gives a map. Leave out `__metadata__`, and give offsets from the start of the
// *file*: `new TensorEntry(name, ElementType.valueOf(dtype), shape, offset, size)`, with `shape` a `List<Integer>`, as the map has it; its
// `data_offsets` are a `List` of `Number`s. A file comes from a stranger: when it has fewer than 8 bytes, or $n$ is below 2 or more than the
// file has left, throw a `FormatException`. `ByteBuffer` and `ByteOrder` are imported.

// %% exercise="1.5 header"
class MyHeader implements HeaderFn {
    /** The whole file -> its tensors, in any order. */
    @SuppressWarnings("unchecked")
    public List<TensorEntry> read(byte[] file) {
        // BEGIN SOLUTION read n, refuse a wrong one, parse the JSON, make an entry of each tensor
        if (file.length < 8) {
            throw new FormatException("a file of " + file.length + " bytes has no header");
        }
        long n = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (n < 2 || n > file.length - 8) {
            throw new FormatException("the header's length is " + n + ", but the file has " + file.length + " bytes");
        }
        var tensors = new ArrayList<TensorEntry>();
        StrictJson.object(Arrays.copyOfRange(file, 8, 8 + (int) n), "the header").forEach((name, value) -> {
            if (name.equals("__metadata__")) {
                return;
            }
            var said = (Map<String, Object>) value;
            var offsets = (List<Number>) said.get("data_offsets");
            long begin = offsets.get(0).longValue();
            long end = offsets.get(1).longValue();
            var type = ElementType.valueOf((String) said.get("dtype"));
            tensors.add(new TensorEntry(name, type, (List<Integer>) said.get("shape"), 8 + n + begin, end - begin));
        });
        return tensors;
        // END SOLUTION
    }
}

// %% wrong="1.5 header"
class MyHeader implements HeaderFn {
    @SuppressWarnings("unchecked")
    public List<TensorEntry> read(byte[] file) {
        long n = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (n < 2 || n > file.length - 8) {
            throw new FormatException("the header's length is " + n);
        }
        var tensors = new ArrayList<TensorEntry>();
        StrictJson.object(Arrays.copyOfRange(file, 8, 8 + (int) n), "the header").forEach((name, value) -> {
            if (name.equals("__metadata__")) {
                return;
            }
            var said = (Map<String, Object>) value;
            var offsets = (List<Number>) said.get("data_offsets");
            long begin = offsets.get(0).longValue();
            var type = ElementType.valueOf((String) said.get("dtype"));
            tensors.add(new TensorEntry(name, type, (List<Integer>) said.get("shape"), begin, offsets.get(1).longValue() - begin));
        });
        return tensors;
    }
}

// %%
check("1.5 header", MyHeader::new)

// %%
// hint("1.5 header");
// solution("1.5 header");

// %% [markdown]
// Your reader on that file. The names are a map of the layer: four projections, three matrices of the MLP, two norms. Qwen2 has a bias
// for q, k and v; look at the shapes to see how much wider the MLP is than everything else.

// %%
Tables.of(new MyHeader().read(file))

// %% [markdown]
// ## Exercise 2: embedding
//
// The table `weight` has a row of $E$ numbers for each of the $V$ tokens. On the way in, a token **picks its row**: `weight.take(ids, 0)` takes
// entries along axis 0. On the way out a vector is **compared with every row**: one dot product each gives $V$ logits. Many small models use one
// table for both; whether yours has two says `model().config().tieWordEmbeddings()`.

// %% exercise="1.5 embedding"
class MyEmbedding implements EmbeddingFn {
    /** weight [V, E], L ids -> [L, E]. */
    public Tensor embed(Tensor weight, int[] tokens) {
        // BEGIN SOLUTION pick the tokens' rows with take
        return weight.take(tokens, 0);
        // END SOLUTION
    }

    /** weight [V, E], x [..., E] -> logits [..., V]. */
    public Tensor asLinear(Tensor weight, Tensor x) {
        // BEGIN SOLUTION the dot product of x with every row
        return x.matmul(weight.T());
        // END SOLUTION
    }
}

// %% wrong="1.5 embedding"
class MyEmbedding implements EmbeddingFn {
    public Tensor embed(Tensor weight, int[] tokens) {
        return weight.take(tokens, 0).mul(Math.sqrt(weight.dim(1)));
    }

    public Tensor asLinear(Tensor weight, Tensor x) {
        return x.matmul(weight.T());
    }
}

// %%
check("1.5 embedding", MyEmbedding::new)

// %%
// hint("1.5 embedding");
// solution("1.5 embedding");

// %% [markdown]
// ## Exercise 3: the attention layer
//
// Everything from 1.1 to 1.3, in one layer with real weights. You wrote the steps; here you put them in order. From now on a method gets
// `parts`: what others wrote, yours where you plugged it in.
//
// | step | call | shape |
// |---|---|---|
// | project, with the bias | `w.qProj().apply(x)` | `[B, L, E]` → `[B, L, H_q·D]` |
// | split into heads | `Heads.split(…, w.numHeads())` | → `[B, H_q, L, D]` |
// | rotate q and k | `parts.rope().rotate(q, offset, w.ropeTheta(), w.ropeTraditional())` | the same |
// | attend, q's heads in groups | `parts.grouped().attend(q, k, v, mask, scale)` | the same |
// | merge, project back | `w.oProj().apply(Heads.merge(…))` | → `[B, L, E]` |

// %% [markdown]
// k and v have fewer heads than q: `w.numKvHeads()`. The scale is one over the root of `w.headDim()`. Why biases at all? Qwen2 found that
// they help texts longer than those of training; Llama and Qwen3 have none.

// %% exercise="1.5 attention layer"
class MyAttentionLayer implements AttentionLayerFn {
    /** x [B, L, E], normalised -> [B, L, E]. */
    public Tensor apply(Tensor x, AttentionWeights w, Tensor mask, int offset, Parts parts) {
        // BEGIN SOLUTION project, split, rotate q and k, attend, merge, project back
        Tensor q = Heads.split(w.qProj().apply(x), w.numHeads()); // [B, H_q, L, D]
        Tensor k = Heads.split(w.kProj().apply(x), w.numKvHeads()); // [B, H_kv, L, D]
        Tensor v = Heads.split(w.vProj().apply(x), w.numKvHeads());
        q = parts.rope().rotate(q, offset, w.ropeTheta(), w.ropeTraditional());
        k = parts.rope().rotate(k, offset, w.ropeTheta(), w.ropeTraditional());
        Tensor mixed = parts.grouped().attend(q, k, v, mask, 1 / Math.sqrt(w.headDim()));
        return w.oProj().apply(Heads.merge(mixed));
        // END SOLUTION
    }
}

// %% wrong="1.5 attention layer"
class MyAttentionLayer implements AttentionLayerFn {
    public Tensor apply(Tensor x, AttentionWeights w, Tensor mask, int offset, Parts parts) {
        Tensor q = Heads.split(w.qProj().apply(x), w.numHeads());
        Tensor k = Heads.split(w.kProj().apply(x), w.numKvHeads());
        Tensor v = Heads.split(w.vProj().apply(x), w.numKvHeads());
        q = parts.rope().rotate(q, offset, w.ropeTheta(), w.ropeTraditional());
        Tensor mixed = parts.grouped().attend(q, k, v, mask, 1 / Math.sqrt(w.headDim()));
        return w.oProj().apply(Heads.merge(mixed));
    }
}

// %%
check("1.5 attention layer", MyAttentionLayer::new)

// %%
// hint("1.5 attention layer");
// solution("1.5 attention layer");

// %% [markdown]
// ## Exercise 4: the block
//
// The two formulas from above. The parts: `parts.norm().normalize(x, weight, w.rmsNormEps())`, where the weights are `w.inputNorm()` and
// `w.postAttentionNorm()`; `parts.attentionLayer().apply(…, w.attention(), mask, offset, parts)`;
// `parts.mlp().feed(…, w.gateProj(), w.upProj(), w.downProj())`.

// %% exercise="1.5 block"
class MyBlock implements BlockFn {
    /** x [B, L, E] -> [B, L, E]. */
    public Tensor apply(Tensor x, BlockWeights w, Tensor mask, int offset, Parts parts) {
        // BEGIN SOLUTION add attention of the normalised x, then the MLP of the normalised sum
        Tensor normed = parts.norm().normalize(x, w.inputNorm(), w.rmsNormEps());
        Tensor h = x.add(parts.attentionLayer().apply(normed, w.attention(), mask, offset, parts));
        Tensor again = parts.norm().normalize(h, w.postAttentionNorm(), w.rmsNormEps());
        return h.add(parts.mlp().feed(again, w.gateProj(), w.upProj(), w.downProj()));
        // END SOLUTION
    }
}

// %% wrong="1.5 block"
class MyBlock implements BlockFn {
    public Tensor apply(Tensor x, BlockWeights w, Tensor mask, int offset, Parts parts) {
        Tensor normed = parts.norm().normalize(x, w.inputNorm(), w.rmsNormEps());
        Tensor h = parts.attentionLayer().apply(normed, w.attention(), mask, offset, parts);
        Tensor again = parts.norm().normalize(h, w.postAttentionNorm(), w.rmsNormEps());
        return h.add(parts.mlp().feed(again, w.gateProj(), w.upProj(), w.downProj()));
    }
}

// %%
check("1.5 block", MyBlock::new)

// %%
// hint("1.5 block");
// solution("1.5 block");

// %% [markdown]
// ## Exercise 5: the model
//
// Embed the tokens, `parts.embedding().embed(w.embedTokens(), tokens)`, give the text a batch axis (`expandDims(0)`), make one causal mask,
// `parts.mask().causal(L, L, x.dtype())`, run
// `parts.block()` with each of `w.layers()` at `offset` 0, and normalise once more with `w.norm()` and `w.rmsNormEps()`. The head
// reads logits off the result with `w.outputTable()`. That is a whole language model.

// %% exercise="1.5 model"
class MyDecoder implements DecoderFn {
    /** L ids -> [1, L, E]. */
    public Tensor hidden(int[] tokens, DecoderWeights w, Parts parts) {
        // BEGIN SOLUTION embed, one block after the other, the last norm
        Tensor x = parts.embedding().embed(w.embedTokens(), tokens).expandDims(0); // [1, L, E]
        Tensor mask = parts.mask().causal(tokens.length, tokens.length, x.dtype());
        for (BlockWeights block : w.layers()) {
            x = parts.block().apply(x, block, mask, 0, parts);
        }
        return parts.norm().normalize(x, w.norm(), w.rmsNormEps());
        // END SOLUTION
    }

    /** hidden [..., E] -> logits [..., V]. */
    public Tensor head(Tensor hidden, DecoderWeights w, Parts parts) {
        // BEGIN SOLUTION the embedding backwards
        return parts.embedding().asLinear(w.outputTable(), hidden);
        // END SOLUTION
    }
}

// %% wrong="1.5 model"
class MyDecoder implements DecoderFn {
    public Tensor hidden(int[] tokens, DecoderWeights w, Parts parts) {
        Tensor x = parts.embedding().embed(w.embedTokens(), tokens).expandDims(0);
        Tensor mask = parts.mask().causal(tokens.length, tokens.length, x.dtype());
        for (BlockWeights block : w.layers()) {
            x = parts.block().apply(x, block, mask, 0, parts);
        }
        return x;
    }

    public Tensor head(Tensor hidden, DecoderWeights w, Parts parts) {
        return parts.embedding().asLinear(w.outputTable(), hidden);
    }
}

// %%
check("1.5 model", MyDecoder::new)

// %%
// hint("1.5 model");
// solution("1.5 model");

// %% [markdown]
// ## Plug it in
//
// Your table look-up, your layers, your blocks, your loop: what is left of the library are the pieces of 1.1 to 1.4. If you have
// those in this notebook too, plug them in the same way.

// %%
chat(model().with(MyEmbedding::new).with(MyAttentionLayer::new).with(MyBlock::new).with(MyDecoder::new),
        "Why is the sky blue? One sentence.", quick() ? 4 : 14)

// %% [markdown]
// How much of it does the model need? Leave out half of the layers. Each one only adds, so the rest still fits together; what comes out is
// another question.

// %%
class EverySecond extends MyBlock {
    @Override
    public Tensor apply(Tensor x, BlockWeights w, Tensor mask, int offset, Parts parts) {
        return w.index() % 2 == 1 ? x : super.apply(x, w, mask, offset, parts);
    }
}
chat(model().with(EverySecond::new), "Why is the sky blue? One sentence.", quick() ? 3 : 10)

// %% [markdown]
// ## Exercise 6 (optional): from Qwen2 to Qwen3
//
// Qwen3 drops the biases and normalises each head of q and k **before the rotation**, with one weight of $D$ numbers for all query heads
// and one for all key heads. Long queries and keys make huge scores; their norm keeps training calm. Take your layer, add two lines. Where
// `w.qNorm()` or `w.kNorm()` is null there is no norm, so that the same class runs Qwen2. The norm's ε is `w.rmsNormEps()`.

// %% exercise="1.5 qwen3"
class MyQwen3Layer implements AttentionLayerFn {
    /** x [B, L, E], normalised -> [B, L, E]. */
    public Tensor apply(Tensor x, AttentionWeights w, Tensor mask, int offset, Parts parts) {
        // BEGIN SOLUTION your attention layer, with norms on the heads of q and k before they are rotated
        Tensor q = normed(Heads.split(w.qProj().apply(x), w.numHeads()), w.qNorm(), w, parts);
        Tensor k = normed(Heads.split(w.kProj().apply(x), w.numKvHeads()), w.kNorm(), w, parts);
        Tensor v = Heads.split(w.vProj().apply(x), w.numKvHeads());
        q = parts.rope().rotate(q, offset, w.ropeTheta(), w.ropeTraditional());
        k = parts.rope().rotate(k, offset, w.ropeTheta(), w.ropeTraditional());
        Tensor mixed = parts.grouped().attend(q, k, v, mask, 1 / Math.sqrt(w.headDim()));
        return w.oProj().apply(Heads.merge(mixed));
        // END SOLUTION
    }

    /** heads [B, H, L, D], weight [D] or null. */
    Tensor normed(Tensor heads, Tensor weight, AttentionWeights w, Parts parts) {
        // BEGIN SOLUTION the norm over each head, or the heads as they are
        return weight == null ? heads : parts.norm().normalize(heads, weight, w.rmsNormEps());
        // END SOLUTION
    }
}

// %% wrong="1.5 qwen3"
class MyQwen3Layer implements AttentionLayerFn {
    public Tensor apply(Tensor x, AttentionWeights w, Tensor mask, int offset, Parts parts) {
        return new MyAttentionLayer().apply(x, w, mask, offset, parts);
    }
}

// %%
check("1.5 qwen3", MyQwen3Layer::new)

// %%
// hint("1.5 qwen3");
// solution("1.5 qwen3");

// %% [markdown]
// ## See
//
// The **logit lens**, through your blocks: after each layer the stream is normalised and read by the output layer, as if it were the
// last. The answer does not grow evenly: for most of the way it is nowhere, then it rises within a few layers. The dashed line is your
// guess.

// %%
LogitLens.of(model().with(MyBlock::new).with(MyDecoder::new), "The opposite of hot is").rise("1.5 layers")

// %%
LogitLens.of(model().with(MyBlock::new).with(MyDecoder::new), "The opposite of hot is").picture()

// %% [markdown]
// The three best tokens after the whole text. The early ones are no thoughts: the output layer learned to read the last layer's language,
// and early layers do not speak it yet. Near the end you sometimes see the right *idea* before the right *word*.

// %%
LogitLens.of(model().with(MyBlock::new).with(MyDecoder::new), "The opposite of hot is").top()

// %% [markdown]
// How long is the vector that everything is added to? It starts tiny and grows, since every layer only adds. The first token goes its
// own way: within a few layers its vector becomes many times as long as the others, and only the last ones cut it down. It is the attention sink of 1.1, seen from inside.

// %%
var sentence = "The animal didn't cross the street because it was too tired.";
ResidualStream.of(model().with(MyBlock::new).with(MyDecoder::new), sentence).lengths()

// %%
ResidualStream.of(model().with(MyBlock::new).with(MyDecoder::new), sentence).additions()

// %% [markdown]
// This is why a model can lose half of its layers and still babble: most of them move the stream by less than its own length. And it is
// why the norms stand where they stand. Without them layer 20 would read numbers a hundred times larger than layer 0.

// %% [markdown]
// ## Measure
//
// For one token every weight is read once and used for one multiply-add, so memory sets the pace: the floor is the time to read the
// bytes, and no part can be faster (when one seems to be, other programs slowed the memory while it was measured). It is measured in the same cell, all cores adding up a long array. Medians of three runs, each part evaluated by itself.

// %%
ModelCost.of(model().with(MyAttentionLayer::new).with(MyBlock::new).with(MyDecoder::new)).chart()

// %% [markdown]
// The MLPs hold most of the weights; see whether they or the output layer, the largest single matrix, take most of your time. Where a part is far from its ceiling, it is made of many small operations,
// each with a price of its own, or another program uses the memory too. Fewer bytes per weight (2.2) and fewer, larger operations are the
// two ways out.

// %% [markdown]
// ## Where real systems differ
//
// - **One matrix for q, k and v.** **vLLM** and **SGLang** load them as one `QKVParallelLinear`, gate and up as one `MergedColumnParallelLinear`:
//   fewer, larger products, and a seam along which to cut a model over GPUs.
// - **Sum and norm in one kernel.** In vLLM's `RMSNorm.forward(x, residual)` the addition to the stream and the next norm are one pass over memory.
// - **Graphs.** **llama.cpp** builds one `ggml` graph per step and plans its memory before it runs; **MLX** compiles with `mx.compile`; CUDA
//   systems record a *CUDA graph* and replay it, because launching small kernels costs more than running them.
// - **Files.** **MLX** and vLLM map safetensors; llama.cpp maps GGUF, whose header also brings the configuration and the tokenizer. Your model came
//   from a GGUF file.
// - **Only the last row.** Servers run the output layer for the last position alone; it is the largest single matrix.

// %% [markdown]
// ## Check yourself
//
// <details><summary>1. E = 896, 14 query heads, 2 KV heads, D = 64. How many weights do the four projections of a layer have, without biases?</summary>
// q and o: 896 · 896 = 802,816 each. k and v: 896 · 128 = 114,688 each. Together 1,835,008. The MLP of the same layer has 3 · 896 · 4,864 = 13,074,432, seven times as many.
// </details>
//
// <details><summary>2. The vocabulary has 151,936 tokens. How many bytes is the embedding table in float32, and what part of the 494 million weights that a token needs?</summary>
// 151,936 · 896 · 4 bytes = 545 MB; 136 million weights, 28 %. This is why small models tie it to the output layer.
// </details>
//
// <details><summary>3. At the embedding the logit lens says the token itself, with nearly 100 %. Why?</summary>
// With one table for both, the vector is compared with all rows, and its own row matches best. Nothing has been added yet.
// </details>
//
// <details><summary>4. A check rotates by offset 5 instead of 0, and the layer's output does not change. Is rope broken?</summary>
// No. All queries and keys turn by the same angle more, and dot products depend on the difference of positions only. It starts to matter when the keys come from a cache.
// </details>
//
// <details><summary>5. Which line of the model lets one token influence another?</summary>
// Only attention. Embedding, norms, MLP and the head treat every token alone.
// </details>
//
// <details><summary>6. Qwen3 normalises before the rotation. Would the length of a head be another one after it?</summary>
// No, a rotation keeps lengths. But the norm's weight differs from number to number, and after the rotation pairs are mixed: another result.
// </details>
//
// <details><summary>7. Why is the header's length compared as a long, before it is cast to int?</summary>
// 2^32 + 100 becomes 100 when it is cast. The file would be read as something that it does not say it is; this is how parsers are attacked.
// </details>

// %% [markdown]
// ## Further
//
// - Yang et al., *Qwen2.5 Technical Report* (2024) and *Qwen3 Technical Report* (2025): the architectures
// - nostalgebraist, *interpreting GPT: the logit lens* (2020)
// - Xiong et al., *On Layer Normalization in the Transformer Architecture* (2020): why the norm stands before
// - Sun et al., *Massive Activations in Large Language Models* (2024): the long first vector

// %% [markdown]
// Words and symbols: [notation](../notation.md), [glossary](../glossary.md).
// Next: [1.6 Generate](16-generate.ipynb), where the model gets its turn to speak. Your progress so far:

// %%
progress()
