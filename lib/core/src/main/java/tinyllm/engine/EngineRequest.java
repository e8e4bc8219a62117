package tinyllm.engine;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.Adjustments;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.TokenConstraint;
import tinyllm.text.TemplateText;

/**
 * What is asked of the engine. Immutable; each method gives a changed copy.
 *
 * <pre>{@code engine.submit(EngineRequest.user("Why is the sky blue?").maxTokens(200))}</pre>
 */
public final class EngineRequest {
    /** Stop strings that a request may have, and bytes of each. */
    public static final int STOP_STRINGS = 4;

    public static final int STOP_BYTES = 256;

    /** How the prompt is given. */
    enum Form {
        TOKENS,
        TEXT,
        TEXT_WITH_SPECIALS,
        USER,
        RENDERED
    }

    /** Tokens that may be listed beside each chosen one. */
    public static final int TOP_LOGPROBS = 20;

    final Form form;
    final int[] tokens;
    final String text;
    final TemplateText rendered;
    SamplingParams sampling = SamplingParams.GREEDY;
    int maxTokens; // 0: none
    int usualTokens; // without maxTokens; 0: none
    List<String> stop = List.of();
    boolean ignoreEnd;
    int logprobs = -1; // none
    int priority;
    Adjustments adjustments = Adjustments.NONE;

    @Nullable
    Supplier<? extends TokenConstraint> constraint;

    @Nullable
    Duration deadline;

    String salt = "";

    @Nullable
    Consumer<Token> onToken;

    private EngineRequest(Form form, int[] tokens, String text, TemplateText rendered) {
        this.form = form;
        this.tokens = tokens;
        this.text = text;
        this.rendered = rendered;
    }

    private EngineRequest(Form form, int[] tokens, String text) {
        this(form, tokens, text, new TemplateText(List.of()));
    }

    /** Continues these ids. */
    public static EngineRequest tokens(int... prompt) {
        return new EngineRequest(Form.TOKENS, prompt.clone(), "");
    }

    /** Continues this text as it stands. */
    public static EngineRequest text(String prompt) {
        return new EngineRequest(Form.TEXT, new int[0], prompt);
    }

    /** The same, and special tokens written in it are parsed: for a text of which its writer meant every character, never for a user's. */
    public static EngineRequest textWithSpecials(String prompt) {
        return new EngineRequest(Form.TEXT_WITH_SPECIALS, new int[0], prompt);
    }

    /** Answers one user message, through the checkpoint's chat template. */
    public static EngineRequest user(String message) {
        return new EngineRequest(Form.USER, new int[0], message);
    }

    /** Continues a conversation that a chat template wrote: what its people said is never read as a special token. */
    public static EngineRequest rendered(TemplateText prompt) {
        return new EngineRequest(Form.RENDERED, new int[0], "", prompt);
    }

    private EngineRequest with(Consumer<EngineRequest> change) {
        EngineRequest copy = new EngineRequest(form, tokens, text, rendered);
        copy.sampling = sampling;
        copy.maxTokens = maxTokens;
        copy.usualTokens = usualTokens;
        copy.stop = stop;
        copy.ignoreEnd = ignoreEnd;
        copy.logprobs = logprobs;
        copy.priority = priority;
        copy.adjustments = adjustments;
        copy.constraint = constraint;
        copy.deadline = deadline;
        copy.salt = salt;
        copy.onToken = onToken;
        change.accept(copy);
        return copy;
    }

    /** How tokens are chosen; without it, greedily. */
    public EngineRequest sampling(SamplingParams params) {
        return with(copy -> copy.sampling = params);
    }

    /** Most tokens to generate, 1 or more; without it the request may run until context or pool are full. */
    public EngineRequest maxTokens(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("max_tokens must be 1 or more, but is " + most);
        }
        return with(copy -> copy.maxTokens = most);
    }

    /** Tokens to generate where {@link #maxTokens} says nothing, 1 or more: these, or as many as context and pool leave if that is fewer. */
    public EngineRequest usualTokens(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("an answer's usual length must be 1 token or more, but is " + most);
        }
        return with(copy -> copy.usualTokens = most);
    }

    /** The text ends before the first of these strings; at most {@value #STOP_STRINGS} of {@value #STOP_BYTES} bytes each. */
    public EngineRequest stop(String... strings) {
        if (strings.length > STOP_STRINGS) {
            throw new IllegalArgumentException(
                    "stop must be " + STOP_STRINGS + " strings at most, but is " + strings.length);
        }
        for (String string : strings) {
            int bytes = string.getBytes(StandardCharsets.UTF_8).length;
            if (bytes == 0 || bytes > STOP_BYTES) {
                throw new IllegalArgumentException(
                        "each string of stop must have 1 to " + STOP_BYTES + " bytes, but one has " + bytes);
            }
        }
        return with(copy -> copy.stop = List.of(strings));
    }

    /** The model's end tokens are tokens like others: for measurements, which need a fixed length. */
    public EngineRequest ignoreEnd() {
        return with(copy -> copy.ignoreEnd = true);
    }

    /** Each token comes with its log-probability. */
    public EngineRequest logprobs() {
        return logprobs(0);
    }

    /** The same, and with the most likely tokens at its place, {@value #TOP_LOGPROBS} at most. */
    public EngineRequest logprobs(int top) {
        if (top < 0 || top > TOP_LOGPROBS) {
            throw new IllegalArgumentException("top_logprobs must be in 0…" + TOP_LOGPROBS + ", but is " + top);
        }
        return with(copy -> copy.logprobs = top);
    }

    /** Penalties of what the answer holds already, and a bias for single tokens. */
    public EngineRequest adjustments(Adjustments own) {
        return with(copy -> copy.adjustments = own);
    }

    /**
     * Holds the answer to what a constraint lets come: it then ends by itself, or, where that is not possible within the tokens that it
     * may have, or where it could have gone on behind the last of them, with {@link FinishReason#LENGTH}.
     *
     * @param start makes the constraint of a new text, as {@link tinyllm.sampling.JsonConstraint.Ready#start} does
     */
    public EngineRequest constrained(Supplier<? extends TokenConstraint> start) {
        return with(copy -> copy.constraint = start);
    }

    /** The higher, the earlier, where the engine's policy looks at it; 0 without it. */
    public EngineRequest priority(int level) {
        return with(copy -> copy.priority = level);
    }

    /** The request fails when it has not ended so long after it was submitted. */
    public EngineRequest deadline(Duration after) {
        if (after.isNegative()) {
            throw new IllegalArgumentException("a deadline lies ahead, but this is " + after);
        }
        return with(copy -> copy.deadline = after);
    }

    /** Only requests with the same salt share what the prefix cache knows; without it, all of them. */
    public EngineRequest salt(String tenant) {
        Objects.requireNonNull(tenant, "the salt is null: give a text, or leave it out where all may share");
        return with(copy -> copy.salt = tenant);
    }

    /**
     * Gets each token on the engine's own thread: it must be quick, and what it throws ends this request alone. So does a listener that
     * keeps the thread beyond {@link EngineOptions#stepLimit} and can be interrupted; while one that can't be has the thread, nobody's
     * tokens come, and all requests end.
     */
    public EngineRequest onToken(Consumer<Token> listener) {
        return with(copy -> copy.onToken = listener);
    }
}
