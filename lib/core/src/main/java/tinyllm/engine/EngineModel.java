package tinyllm.engine;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.KvCache;
import tinyllm.cache.PagePool;
import tinyllm.model.Chunk;
import tinyllm.sampling.SamplingParams;
import tinyllm.text.Tokenizer;

/** What the engine needs of a model: pages, and a step that chooses tokens. Driven by one thread. */
interface EngineModel extends AutoCloseable {

    /**
     * How a token is to be chosen.
     *
     * @param n how many were chosen before in this text
     * @param text all ids so far; read only where a filter needs them
     * @param logprobs how many of the most likely tokens are wanted beside the token's own log-probability; −1 when not even that is
     * @param edits what the request adds to its rows
     * @param tokensLeft that may still be written, this one included
     */
    record Draw(SamplingParams sampling, long n, IntText text, int logprobs, LogitEdits edits, int tokensLeft) {
        Draw(SamplingParams sampling, long n, IntText text, boolean logprob) {
            this(sampling, n, text, logprob ? 0 : -1, LogitEdits.NONE, Integer.MAX_VALUE);
        }
    }

    /**
     * @param error why none could be chosen; the token is meaningless then
     * @param logprob NaN when it was not wanted
     * @param top as many of the most likely tokens as were wanted
     */
    record Chosen(
            int token,
            double logprob,
            List<Likely> top,
            @Nullable RuntimeException error) {}

    /** Tokens of the longest text. */
    int context();

    int vocabulary();

    Set<Integer> ends();

    Tokenizer tokenizer();

    /** Who has which page. */
    PagePool pool();

    /** A cache over the pool's pages, with the begin of the text that is known. */
    KvCache newCache(String salt, int[] text);

    /** How many tokens {@link #newCache} would know; nothing changes. */
    int known(String salt, int[] text);

    /** Keeps a text's full pages for later ones that begin the same. */
    void keep(String salt, int[] text, KvCache cache);

    /** Whether pages can be shared, so that it takes a count to know who holds which. */
    boolean shares();

    /** The pages that a cache of {@link #newCache} holds. */
    int[] pages(KvCache cache);

    /**
     * Brings all sequences forward, or none.
     *
     * @param draws one for each chunk that wants logits, in order
     */
    List<Chosen> step(List<Chunk> chunks, List<Draw> draws, PhaseClock clock);

    /** Where the numbers of a text first break, as the end of a sentence; empty when that is not known. */
    String firstNonFinite(int[] tokens);

    /** Gives every page back that is kept and that no sequence holds. */
    void forget();

    /** Throws all caches away and begins with new pages. */
    void reset();

    @Override
    void close();
}
