package tinyllm.cache;

import tinyllm.tensor.Tensor;

/**
 * Keys or values as small whole numbers (chapter 4.1). Components that share a scale are a group: number ≈ scale · code + zero.
 *
 * @param codes U8 {@code [..., D · bits / 8]}; of 4 bits the first half of the components is in the low bits, the second in the high ones
 * @param scales F16 {@code [..., D / 64]}
 * @param zeros F16 {@code [..., D / 64]}: the smallest number of each group
 * @param bits 8 or 4
 */
public record KvCodes(Tensor codes, Tensor scales, Tensor zeros, int bits) {

    /** Components of a group. */
    public static final int GROUP = 64;

    /** Bytes held. */
    public long nbytes() {
        return codes.nbytes() + scales.nbytes() + zeros.nbytes();
    }

    /** These tokens and then those: joined along axis 2. */
    public KvCodes joined(KvCodes later) {
        return new KvCodes(
                Tensor.concat(2, codes, later.codes),
                Tensor.concat(2, scales, later.scales),
                Tensor.concat(2, zeros, later.zeros),
                bits);
    }

    /** The first tokens, along axis 2. */
    public KvCodes first(int tokens) {
        return new KvCodes(codes.slice(2, 0, tokens), scales.slice(2, 0, tokens), zeros.slice(2, 0, tokens), bits);
    }
}
