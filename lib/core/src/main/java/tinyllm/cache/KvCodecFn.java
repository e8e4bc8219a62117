package tinyllm.cache;

import tinyllm.tensor.Tensor;

/** Exercise of chapter 4.1: keys and values become small whole numbers, and numbers again. */
public interface KvCodecFn {

    /**
     * Groups of 64 neighbouring components of one token share a scale and a zero.
     *
     * @param numbers F32 {@code [1, H_kv, L, D]}, D a multiple of 64; finite
     * @param bits 8 or 4
     */
    KvCodes pack(Tensor numbers, int bits);

    /** The numbers that the codes stand for, F32 {@code [1, H_kv, L, D]}. */
    Tensor unpack(KvCodes codes);
}
