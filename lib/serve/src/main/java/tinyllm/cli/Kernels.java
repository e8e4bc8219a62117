package tinyllm.cli;

/** Which implementations compute: {@code reference} is dequantized float32 without a cache. */
enum Kernels {
    OWN,
    MLX,
    REFERENCE
}
