package tinyllm.model;

/** What a block on our own kernels can do without: array operations stand in, at the speed they have (the ladder of the course). */
public enum LayerFeature {
    /** RMSNorm, rotary embedding and SwiGLU as kernels, the norm and SwiGLU within the products beside them (chapter 4.5). */
    SMALL_KERNELS,
    /** Attention as one kernel over the cache, where its scores are never written down (chapter 2.4). */
    FLASH_ATTENTION
}
