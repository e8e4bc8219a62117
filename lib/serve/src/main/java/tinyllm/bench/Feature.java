package tinyllm.bench;

import java.util.Locale;

/** What a chapter adds to the engine, in the order of the course. */
public enum Feature {
    /** Keys and values are remembered (chapter 2.1). */
    KV_CACHE,
    /** Products read quantized weights, with int8 activations (chapter 2.2). */
    QUANTIZED,
    /** Norms, rotary embedding and SwiGLU are kernels, fused with their neighbours (chapter 4.5). */
    SMALL_KERNELS,
    /** Attention is one kernel over the cache (chapter 2.4). */
    FLASH_ATTENTION,
    /** Requests join and leave a batch between steps, each with room for the longest text reserved (chapter 2.6). */
    BATCHING,
    /** A prompt passes in chunks beside the tokens of the others (chapter 2.7). */
    CHUNKED_PREFILL,
    /** Room is taken a page at a time, as a text grows (chapter 3.1). */
    PAGED,
    /** Requests that begin the same share those pages (chapter 4.2). */
    PREFIX_CACHE;

    /** The name as tables and JSON have it: {@code kv-cache}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
