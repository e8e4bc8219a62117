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
    FLASH_ATTENTION;

    /** The name as tables and JSON have it: {@code kv-cache}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
