package tinyllm.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.ArrayKvCache;
import tinyllm.cache.KvArrays;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.course.Mine;
import tinyllm.kernel.KernelSet;
import tinyllm.nn.DecoderFn;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Part;
import tinyllm.nn.Parts;
import tinyllm.profile.OperationTimer;
import tinyllm.tensor.DType;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;
import tinyllm.text.BpeTokenizer;
import tinyllm.text.ChatTemplate;
import tinyllm.text.MergeFn;
import tinyllm.text.Tokenizer;

/**
 * A decoder-only language model: weights, configuration, tokenizer, and the parts that compute. Immutable; copies made by
 * {@link #with} share the weights. Loaded for the kernels {@code reference} it computes with dequantized float32 and parts that can be
 * replaced (chapters 1.5 and 1.6); for {@code own} and {@code mlx} with quantized weights and fused operations.
 */
public final class CausalLm {

    /** Tokens that pass through the layers at once at most: it bounds the memory of a step, and the wait for an interrupt. */
    private static final int CHUNK = 512;

    private final String name;
    private final ModelConfig config;
    private final Backbone backbone;
    private final TextFiles text;
    private final Parts parts;

    CausalLm(String name, ModelConfig config, Backbone backbone, TextFiles text, Parts parts) {
        this.name = name;
        this.config = config;
        this.backbone = backbone;
        this.text = text;
        this.parts = parts;
    }

    /** The registry name or the file name that it was loaded from. */
    public String name() {
        return name;
    }

    public ModelConfig config() {
        return config;
    }

    /**
     * The weights as tensors.
     *
     * @throws IllegalStateException when the model was loaded for other kernels than {@code reference}
     */
    public DecoderWeights weights() {
        return reference("its weights are tensors").weights();
    }

    /** Who computes the layers. */
    public KernelSet kernels() {
        return backbone.kernels();
    }

    /** true when a text is decoded with a cache unless somebody says otherwise. */
    public boolean remembers() {
        return backbone.remembers();
    }

    /** Which variant each operation runs as, in words. */
    public Map<String, String> variants() {
        return backbone.variants();
    }

    private ReferenceBackbone reference(String what) {
        if (backbone instanceof ReferenceBackbone reference) {
            return reference;
        }
        throw new IllegalStateException(name + " was loaded for the kernels \""
                + kernels().word() + "\"; load it for \"reference\", where " + what);
    }

    public Parts parts() {
        return parts;
    }

    /**
     * The checkpoint's tokenizer.
     *
     * @throws IllegalStateException when the checkpoint has none
     */
    public Tokenizer tokenizer() {
        return text.tokenizer();
    }

    /**
     * The checkpoint's own chat template.
     *
     * @throws IllegalStateException when the checkpoint has none
     */
    public ChatTemplate chatTemplate() {
        return text.chatTemplate();
    }

    /** Ids that end a generation; empty when the checkpoint names none. */
    public Set<Integer> eosIds() {
        return text.eosIds();
    }

    /** Bytes of weights held; a tied table counts once. */
    public long weightBytes() {
        return backbone.weightBytes();
    }

    /**
     * The logits after every token.
     *
     * @param tokens L ids, each in 0…V-1
     * @return {@code [L, V]} in float32
     * @throws IllegalArgumentException when there is no token, one is out of range, or there are more than the context holds
     */
    public Tensor logits(int[] tokens) {
        check(tokens);
        if (!(backbone instanceof ReferenceBackbone)) {
            try (KvCache cache = newCache(tokens.length)) {
                return logits(tokens, cache);
            }
        }
        DecoderWeights weights = weights();
        return Scope.of(() -> {
            DecoderFn decoder = parts.decoder();
            Tensor hidden = decoder.hidden(tokens, weights, parts); // [1, L, E]
            return decoder.head(hidden, weights, parts)
                    .reshape(tokens.length, config.vocabSize())
                    .astype(DType.F32);
        });
    }

    /** The logits after the last token alone, {@code [V]} in float32: the output layer runs for one row. */
    public Tensor lastLogits(int[] tokens) {
        check(tokens);
        if (!(backbone instanceof ReferenceBackbone)) {
            try (KvCache cache = newCache(tokens.length)) {
                return lastLogits(tokens, cache);
            }
        }
        DecoderWeights weights = weights();
        return Scope.of(() -> {
            DecoderFn decoder = parts.decoder();
            Tensor hidden = decoder.hidden(tokens, weights, parts);
            Tensor last = hidden.slice(1, tokens.length - 1, tokens.length); // [1, 1, E]
            return decoder.head(last, weights, parts)
                    .reshape(config.vocabSize())
                    .astype(DType.F32);
        });
    }

    /** An empty cache for a sequence of at most {@code maxTokens} tokens; the caller closes it. */
    public KvCache newCache(int maxTokens) {
        return backbone.newCache(Math.min(maxTokens, config.maxPositionEmbeddings()));
    }

    /** An empty cache that lies in these arrays, a learner's for instance (chapter 2.1); they are begun anew. The caller closes it. */
    public KvCache newCache(int maxTokens, KvArrays arrays) {
        return new ArrayKvCache(
                arrays,
                config.numHiddenLayers(),
                config.numKeyValueHeads(),
                config.headDim(),
                Math.min(maxTokens, config.maxPositionEmbeddings()));
    }

    /**
     * The logits after each of the tokens that come after those of the cache, which advances. Long texts pass in chunks.
     *
     * @return {@code [L, V]} in float32
     */
    public Tensor logits(int[] tokens, KvCache cache) {
        check(tokens);
        return Scope.of(() -> {
            List<Tensor> rows = new ArrayList<>();
            for (int first = 0; first < tokens.length; first += CHUNK) {
                int[] chunk = Arrays.copyOfRange(tokens, first, Math.min(tokens.length, first + CHUNK));
                Tensor hidden = hidden(chunk, cache);
                rows.add(Scope.of(() -> backbone.head(hidden, parts).reshape(chunk.length, config.vocabSize())));
            }
            return rows.size() == 1 ? rows.getFirst() : Tensor.concat(0, rows.toArray(new Tensor[0]));
        });
    }

    /** The same for the last token alone, {@code [V]}: the output layer runs for one row. */
    public Tensor lastLogits(int[] tokens, KvCache cache) {
        check(tokens);
        return Scope.of(() -> {
            Tensor hidden = null;
            for (int first = 0; first < tokens.length; first += CHUNK) {
                int[] chunk = Arrays.copyOfRange(tokens, first, Math.min(tokens.length, first + CHUNK));
                hidden = hidden(chunk, cache);
            }
            Tensor all = Objects.requireNonNull(hidden);
            Tensor last = all.slice(1, all.dim(1) - 1, all.dim(1)); // [1, 1, E]
            return backbone.head(last, parts).reshape(config.vocabSize()).astype(DType.F32);
        });
    }

    private Tensor hidden(int[] chunk, KvCache cache) {
        cache.reserve(chunk.length);
        return Scope.of(() -> backbone.hidden(List.of(new Chunk(chunk, cache, false)), parts));
    }

    /** Pages for the caches of many sequences, which the caller closes; {@link PagedKvMemory#newCache()} makes one. */
    public PagedKvMemory newPages(PageBudget budget) {
        return backbone.newPages(budget);
    }

    /**
     * Brings many sequences forward in one pass: the rows of all chunks go through each matrix together. Every cache advances by its
     * chunk's tokens, or none does. With the kernels {@code own} on a CPU each row is what it would be alone, bit for bit.
     *
     * @param chunks one of each sequence at most; their caches may be of any kind, and pages of one memory are the fastest
     * @return {@code [R, V]} in float32: the logits after each chunk that wants them, in order
     * @throws IllegalArgumentException when a chunk is empty, has an id out of range, or does not fit its cache
     * @throws tinyllm.cache.PagesException when too few pages are free
     */
    public Tensor step(List<Chunk> chunks) {
        chunks.forEach(chunk -> check(chunk.tokens()));
        return new ModelStep(config, backbone, parts).run(chunks);
    }

    /**
     * The same model with a stopwatch around every operation of a cached step (chapter 4.6). Each is computed before the next begins, so
     * such a step takes longer; this model itself stays as it is.
     */
    public CausalLm timed(OperationTimer timer) {
        return new CausalLm(name, config, backbone.timed(timer), text, parts);
    }

    /** The kinds of operations of a step that read weights or keys, over all layers, by the names that {@link #timed} gives. */
    public List<ModelOperation> operations() {
        return backbone.operations();
    }

    /**
     * The same weights on our own kernels, with these features alone and array operations for the rest: a step of the course's ladder.
     *
     * @throws IllegalStateException when the model was loaded for other kernels than {@code own}
     */
    public CausalLm limitedTo(Set<LayerFeature> features) {
        if (!(backbone instanceof KernelBackbone own) || kernels() != KernelSet.OWN) {
            throw new IllegalStateException(name + " was loaded for the kernels \""
                    + kernels().word() + "\"; load it for \"own\", whose features can be left out");
        }
        return new CausalLm(name, config, own.limitedTo(features), text, parts);
    }

    /**
     * The same weights with one part replaced by the learner's.
     *
     * @throws IllegalStateException when the model was loaded for other kernels than {@code reference}
     */
    public CausalLm with(Supplier<? extends Part> part) {
        return new CausalLm(name, config, reference("parts can be replaced"), text, parts.with(part.get()));
    }

    /**
     * The same model, whose tokenizer merges bytes by the learner's loop (chapter 0.2).
     *
     * @throws IllegalStateException when the checkpoint's tokenizer is not byte-level BPE
     */
    public CausalLm withMerge(Supplier<? extends MergeFn> loop) {
        if (!(text.tokenizer() instanceof BpeTokenizer bpe)) {
            throw new IllegalStateException(
                    "the tokenizer of " + name + " does not merge bytes, so there is no loop to replace");
        }
        return new CausalLm(name, config, backbone, text.with(bpe.with(loop.get())), parts);
    }

    /**
     * The same weights with every part that the learner has solved, the library's for the rest; shows whose is whose. An answer that
     * no longer compiles or passes its check is said in a sentence, and the library's stands in.
     *
     * @throws IllegalStateException when the notebook library, which knows where answers are kept, is not on the class path
     */
    public CausalLm withMine() {
        Mine mine = Mine.load().only(CausalLm::hasPlaceFor);
        mine.show();
        return with(mine);
    }

    /** The same weights with those of the learner's answers that are parts of a model; of two for one place the later. */
    public CausalLm with(Mine mine) {
        CausalLm model = this;
        for (Mine.Piece piece : mine.pieces()) {
            if (piece.own() instanceof Part own && Parts.hasPlaceFor(piece.contract())) {
                model = model.with(() -> own);
            } else if (piece.own() instanceof MergeFn loop && model.text.tokenizer() instanceof BpeTokenizer) {
                model = model.withMerge(() -> loop);
            }
        }
        return model;
    }

    /** Whether a model uses answers of this interface: a part that computes, or the tokenizer's merge loop. */
    public static boolean hasPlaceFor(Class<?> contract) {
        return Parts.hasPlaceFor(contract) || contract == MergeFn.class;
    }

    /**
     * Tensors of one run, computed by whatever parts this model has. Names are the checkpoint's, without {@code model.} and
     * {@code .weight}: {@code layers.3.self_attn.q_proj}, {@code .k_proj}, {@code .v_proj}, {@code .scores}, {@code .weights},
     * {@code .out}, {@code layers.3.mlp.gate}, {@code .act}, {@code .out}, {@code layers.3.input}, {@code layers.3.residual},
     * {@code embed}, {@code norm}. Projections, scores and weights are computed a second time from the layer's inputs by the same
     * parts, since a replaced layer need not show them.
     *
     * @param tokens L ids
     * @param layers layer indices; empty for all
     * @param names last parts of names, such as {@code self_attn.weights} or {@code residual}; empty for all
     * @return name to tensor, batch axis removed, in the order of the run
     * @throws IllegalStateException when the model was loaded for other kernels than {@code reference}
     */
    public Map<String, Tensor> trace(int[] tokens, List<Integer> layers, List<String> names) {
        check(tokens);
        for (int layer : layers) {
            if (layer < 0 || layer >= config.numHiddenLayers()) {
                throw new IllegalArgumentException(
                        "layer " + layer + " is not in 0…" + (config.numHiddenLayers() - 1) + " of " + name);
            }
        }
        return new Trace(weights(), parts, layers, names).run(tokens);
    }

    /** Where the first NaN or infinity of a run appears, such as "layers.3.mlp.out"; null when all is finite, or not known: fused kernels don't show. */
    public @Nullable String firstNonFinite(int[] tokens) {
        if (!(backbone instanceof ReferenceBackbone)) {
            return null;
        }
        for (Map.Entry<String, Tensor> e :
                trace(tokens, List.of(), Trace.OUTPUTS).entrySet()) {
            Tensor t = e.getValue();
            if (t.isNaN().or(t.isInf()).any()) {
                return e.getKey();
            }
        }
        return null;
    }

    private void check(int[] tokens) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("there is no token to run the model on: give at least one");
        }
        if (tokens.length > config.maxPositionEmbeddings()) {
            throw new IllegalArgumentException("the prompt has " + tokens.length + " tokens, but the context of " + name
                    + " holds " + config.maxPositionEmbeddings());
        }
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || tokens[i] >= config.vocabSize()) {
                throw new IllegalArgumentException("token " + tokens[i] + " at position " + i + " is not in 0…"
                        + (config.vocabSize() - 1) + ", the vocabulary of " + name);
            }
        }
    }
}
