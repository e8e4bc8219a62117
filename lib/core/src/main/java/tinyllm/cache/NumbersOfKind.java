package tinyllm.cache;

import tinyllm.kernel.KvKind;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * How keys, or values, of one kind lie in tensors that all have the tokens on axis 2: one of floats, or codes with their scales and zeros.
 *
 * @param headDim components of a head; codes are of whole groups, padded with copies of the last component
 */
record NumbersOfKind(KvKind kind, int headDim) {
    private static final GroupKvCodec CODEC = new GroupKvCodec();

    /** @param x {@code [1, H_kv, L, D]} */
    Tensor[] pack(Tensor x) {
        if (!kind.isQuantized()) {
            return new Tensor[] {x.astype(DType.valueOf(kind.name()))};
        }
        int missing = -headDim & (KvCodes.GROUP - 1);
        Tensor floats = x.astype(DType.F32);
        Tensor whole = missing == 0
                ? floats
                : Tensor.concat(
                        -1, floats, floats.slice(-1, headDim - 1, headDim).repeat(missing, -1));
        KvCodes codes = CODEC.pack(whole, kind.bits());
        return new Tensor[] {codes.codes(), codes.scales(), codes.zeros()};
    }

    /** What was packed, {@code [1, H_kv, S, D]}: floats as they are stored, codes as F32. */
    Tensor unpack(Tensor[] parts) {
        return kind.isQuantized()
                ? CODEC.unpack(new KvCodes(parts[0], parts[1], parts[2], kind.bits()))
                        .slice(-1, 0, headDim)
                : parts[0];
    }
}
