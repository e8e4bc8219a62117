package tinyllm.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvArrays;
import tinyllm.course.Mine;
import tinyllm.model.CausalLm;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.AutomatonConstraint;
import tinyllm.sampling.JsonConstraint;
import tinyllm.sampling.Sampler;
import tinyllm.sampling.SamplingFn;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.TokenConstraint;
import tinyllm.sampling.grammar.AllowedTokensFn;
import tinyllm.sampling.grammar.ByteAutomaton;
import tinyllm.sampling.grammar.TokenTrie;
import tinyllm.sampling.json.JsonSchema;

/**
 * One request at a time: chapter 1.6's loop around a model, a sampler and a text stream. With the kernels {@code own} and {@code mlx}
 * what was read is remembered; with {@code reference} only if {@link #cached} asks for it. Immutable.
 */
public final class Generator {

    private static final Set<Class<?>> OWN =
            Set.of(GenerateFn.class, KvArrays.class, CachedLoopFn.class, ReuseFn.class);

    private final CausalLm model;
    private final Sampler sampler;
    private final GenerateFn loop;
    private final TextMemory memory;
    private final @Nullable Supplier<? extends TokenConstraint> constraint;
    private final Adjustments adjustments;

    private Generator(
            CausalLm model,
            Sampler sampler,
            GenerateFn loop,
            TextMemory memory,
            @Nullable Supplier<? extends TokenConstraint> constraint,
            Adjustments adjustments) {
        this.constraint = constraint;
        this.adjustments = adjustments;
        this.model = model;
        this.sampler = sampler;
        this.loop = loop;
        this.memory = memory;
    }

    public Generator(CausalLm model) {
        this(
                model,
                Sampler.library(),
                new UncachedLoop(),
                TextMemory.library(model.remembers()),
                null,
                Adjustments.NONE);
    }

    /** The same with keys and values remembered, so that a token passes through the layers once (chapter 2.1). */
    public Generator cached() {
        return new Generator(model, sampler, loop, memory.switchedOn(), constraint, adjustments);
    }

    /**
     * The same, whose texts are held to a JSON Schema: every text that ends by itself validates, and near the limit of tokens it is led
     * to an end (chapter 4.3).
     *
     * @throws IllegalArgumentException when the schema can't be used, or the model has no token that ends a text
     */
    public Generator json(String schemaText) {
        end();
        return constrained(new JsonConstraint.Ready(
                JsonSchema.compile(schemaText), TokenTrie.of(model.tokenizer()), model.tokenizer())::start);
    }

    /**
     * The same, whose texts are held to what an automaton accepts, by a mask that may be a learner's (chapter 4.3).
     *
     * @param mask begins anew here
     * @throws IllegalArgumentException when the model has no token that ends a text
     */
    public Generator held(ByteAutomaton automaton, AllowedTokensFn mask) {
        return constrained(new AutomatonConstraint.Ready(automaton, mask, model.tokenizer(), end())::start);
    }

    /** The same, whose texts are each held to a constraint of their own. */
    public Generator constrained(Supplier<? extends TokenConstraint> start) {
        return new Generator(model, sampler, loop, memory, start, adjustments);
    }

    /** The same with penalties of what the answer holds already, and a bias for single tokens. */
    public Generator adjusted(Adjustments own) {
        return new Generator(model, sampler, loop, memory, constraint, own);
    }

    private int end() {
        return model.eosIds().stream()
                .min(Integer::compare)
                .orElseThrow(() -> new IllegalArgumentException(
                        model.name() + " names no token that ends a text, so no grammar can hold it"));
    }

    private LogitEdits edits() {
        return new LogitEdits(adjustments, constraint == null ? null : constraint.get(), model.eosIds());
    }

    /** The same with the learner's decode loop. */
    public Generator with(GenerateFn ownLoop) {
        return new Generator(model, sampler, ownLoop, memory, constraint, adjustments);
    }

    /** The same, cached, with the learner's loop over what is new. */
    public Generator withCachedLoop(CachedLoopFn ownLoop) {
        return new Generator(model, sampler, overWholeTexts(ownLoop), memory.switchedOn(), constraint, adjustments);
    }

    /** The same, cached, with keys and values in the learner's arrays; a new object for each text. */
    public Generator withCache(Supplier<? extends KvArrays> arrays) {
        return new Generator(model, sampler, loop, memory.with(arrays), constraint, adjustments);
    }

    /** The same, cached, with the learner's answer to what a second turn may keep of the first one's cache. */
    public Generator withReuse(ReuseFn own) {
        return new Generator(model, sampler, loop, memory.with(own), constraint, adjustments);
    }

    /** The same with the learner's sampling. */
    public Generator with(Sampler ownSampler) {
        return new Generator(model, ownSampler, loop, memory, constraint, adjustments);
    }

    /** What such a loop reads is behind all that it has read before. */
    private static GenerateFn overWholeTexts(CachedLoopFn own) {
        return (text, prompt, maxTokens, isEnd, choose) -> {
            int[][] read = {{}};
            CachedLoopFn.CachedModel behind = tokens -> {
                int[] longer = Arrays.copyOf(read[0], read[0].length + tokens.length);
                System.arraycopy(tokens, 0, longer, read[0].length, tokens.length);
                read[0] = longer;
                return text.after(longer);
            };
            return own.generate(behind, prompt, maxTokens, isEnd, choose);
        };
    }

    /**
     * The same with everything that the learner has solved: the model's parts, the sampler's steps, the decode loop; the library's for
     * the rest. Shows whose is whose.
     *
     * @throws IllegalStateException when the notebook library is not on the class path
     */
    public Generator withMine() {
        Mine mine = Mine.load().only(Generator::hasPlaceFor);
        mine.show();
        return with(mine);
    }

    /** The same with the learner's answers; of two for one place the later. */
    public Generator with(Mine mine) {
        Generator own = new Generator(model.with(mine), sampler, loop, memory, constraint, adjustments);
        for (Mine.Piece piece : mine.pieces()) {
            own = switch (piece.own()) {
                case SamplingFn step -> own.with(own.sampler.with(() -> step));
                case GenerateFn ownLoop -> own.with(ownLoop);
                case KvArrays arrays -> own.withCache(() -> arrays);
                case CachedLoopFn ownLoop -> own.withCachedLoop(ownLoop);
                case ReuseFn reuse -> own.withReuse(reuse);
                case null, default -> own;
            };
        }
        return own;
    }

    /** Whether generating uses answers of this interface: a part of the model, a step of the sampler, the loop, the cache. */
    public static boolean hasPlaceFor(Class<?> contract) {
        return CausalLm.hasPlaceFor(contract) || SamplingFn.class.isAssignableFrom(contract) || OWN.contains(contract);
    }

    /**
     * Answers one user message through the checkpoint's chat template.
     *
     * @param onText gets the text piece by piece, never half a character
     * @throws IllegalArgumentException when the prompt is blank, or does not fit the context
     */
    public Completion chat(String prompt, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        if (prompt.isBlank()) {
            throw new IllegalArgumentException("the prompt is empty: write what the model should answer");
        }
        return chat(List.of(Map.of("role", "user", "content", prompt)), sampling, maxTokens, onText);
    }

    /** Answers a conversation; each message has a "role" and a "content". */
    public Completion chat(
            List<Map<String, Object>> messages, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        return complete(prompt(messages), sampling, maxTokens, onText);
    }

    int[] prompt(List<Map<String, Object>> messages) {
        return model.tokenizer().encode(model.chatTemplate().render(messages, List.of(), true));
    }

    /** A conversation that remembers its turns, in this generator's way; the caller closes it. */
    public Conversation conversation() {
        return new Conversation(this, memory.open(model, model.config().maxPositionEmbeddings()));
    }

    /**
     * Continues ids as they stand.
     *
     * @param prompt at least one id of the vocabulary
     * @param maxTokens 1 or more; the text also ends, with "length", where the context is full
     * @throws IllegalArgumentException when the prompt is empty or fills the context, or an id is out of range
     * @throws GenerationException when the model's numbers break, naming the first layer where they do
     */
    public Completion complete(int[] prompt, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        int most = checked(prompt, maxTokens);
        if (!memory.on()) {
            return run(model::lastLogits, sampling, onText).complete(loop, prompt, most);
        }
        try (CachedText text = memory.open(model, prompt.length + most)) {
            return complete(text, prompt, sampling, maxTokens, onText);
        }
    }

    /** The same over a text that goes on living. */
    Completion complete(
            CachedText text, int[] prompt, SamplingParams sampling, int maxTokens, Consumer<String> onText) {
        int most = checked(prompt, maxTokens);
        return run(text, sampling, onText).complete(loop, prompt, most);
    }

    /** How many tokens may come at most. */
    private int checked(int[] prompt, int maxTokens) {
        int context = model.config().maxPositionEmbeddings();
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty: give at least one token");
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("max_tokens must be 1 or more, but is " + maxTokens);
        }
        if (prompt.length >= context) {
            throw new IllegalArgumentException("the prompt has " + prompt.length + " tokens, but the context of "
                    + model.name() + " holds " + context + " and needs room for an answer");
        }
        return Math.min(maxTokens, context - prompt.length);
    }

    private Run run(GenerateFn.NextLogits next, SamplingParams sampling, Consumer<String> onText) {
        return new Run(model, next, sampler, sampling, edits(), onText);
    }
}
