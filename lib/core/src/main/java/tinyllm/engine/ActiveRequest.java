package tinyllm.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvCache;
import tinyllm.text.TextStream;
import tinyllm.text.Tokenizer;

/** A request while the engine has it: its text, its cache, and what its caller gets to see. Owned by the thread that steps. */
final class ActiveRequest extends SequenceState {
    final EngineRequest request;
    final RequestHandle handle;
    final IntText ids;
    final long promptBytes;
    final int mostTokens;
    final long submitted;
    final long deadline;
    private final Tokenizer tokenizer;
    private final TextStream stream;
    private final StopStrings stops;
    private final LogitEdits edits;
    private final StringBuilder text = new StringBuilder();
    private final List<Integer> generated = new ArrayList<>();
    private final List<Double> logprobs = new ArrayList<>();

    @Nullable
    KvCache cache; // while it runs

    int known; // tokens that the prefix cache gave it when it was admitted last
    boolean queued = true; // it counts in the queue's bounds
    private long first;
    private long last;

    /** @param now System.nanoTime() */
    ActiveRequest(
            RequestHandle handle,
            EngineRequest request,
            int[] prompt,
            long promptBytes,
            int mostTokens,
            Tokenizer tokenizer,
            LogitEdits edits,
            long now,
            double clock) {
        super(handle.id(), prompt.length, request.priority, clock);
        this.request = request;
        this.handle = handle;
        this.ids = new IntText(prompt);
        this.promptBytes = promptBytes;
        this.mostTokens = mostTokens;
        this.submitted = now;
        this.deadline = request.deadline == null ? Long.MAX_VALUE : Nanos.of(request.deadline);
        this.tokenizer = tokenizer;
        this.stream = new TextStream(tokenizer);
        this.stops = new StopStrings(request.stop);
        this.edits = edits;
    }

    int generatedTokens() {
        return generated.size();
    }

    /** Whether its time is over. Times are compared by their difference, which survives a clock that wraps. */
    boolean late(long now) {
        return now - submitted >= deadline;
    }

    /** How its next token is to be chosen. */
    EngineModel.Draw draw() {
        return new EngineModel.Draw(
                request.sampling, tokens - promptTokens, ids, request.logprobs, edits, mostTokens - generated.size());
    }

    /**
     * Takes the chosen token into the text, and hands it out.
     *
     * @return why the request has ended with it; null when it goes on
     */
    @Nullable
    FinishReason accept(EngineModel.Chosen chosen, boolean isEnd, long now) {
        int token = chosen.token();
        first = generated.isEmpty() && last == 0 ? now : first;
        last = now;
        tokens++;
        ids.add(token);
        if (isEnd && !request.ignoreEnd) {
            return FinishReason.STOP;
        }
        edits.accept(token);
        generated.add(token);
        if (request.logprobs >= 0) {
            logprobs.add(chosen.logprob());
        }
        String piece = tokenizer.isSpecial(token) ? "" : stream.push(token);
        hand(new Token(generated.size() - 1, token, stops.push(piece), chosen.logprob(), chosen.top()));
        if (stops.found()) {
            return FinishReason.STOP;
        }
        return generated.size() == mostTokens ? atLimit() : null;
    }

    /**
     * A text that its constraint has led to an end in time is whole, though no end token was drawn. One that may end but also go on, such
     * as a number without its next digit, is cut: nobody knows what the model would have chosen.
     */
    private FinishReason atLimit() {
        return edits.whole() ? FinishReason.STOP : FinishReason.LENGTH;
    }

    private void hand(Token token) {
        text.append(token.text());
        handle.add(token);
        if (request.onToken != null) {
            request.onToken.accept(token);
        }
    }

    /** Hands out what was held back. */
    void flush() {
        String tail = stops.found() ? "" : stops.push(stream.finish()) + stops.finish();
        if (!tail.isEmpty()) {
            hand(Token.tail(generated.size(), tail));
        }
    }

    /** Seconds to the first token; NaN before it. */
    double firstTokenSeconds() {
        return last == 0 ? Double.NaN : (first - submitted) / 1e9;
    }

    /** When its last token was chosen; 0 before the first. */
    long lastToken() {
        return last;
    }

    Completion completion(FinishReason reason) {
        double ttft = firstTokenSeconds();
        int count = generated.size();
        return new Completion(
                text.toString(),
                generated,
                promptTokens,
                reason.word(),
                ttft * 1e3,
                promptTokens / ttft,
                count > 1 ? (count - 1) / ((last - first) / 1e9) : Double.NaN,
                logprobs);
    }

    /** Gives the pages back. */
    void closeCache() {
        KvCache held = cache;
        cache = null;
        if (held != null) {
            held.close();
        }
    }
}
