package tinyllm.nn;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The additive masks of a decoder. */
public final class Masks implements MaskFn {

    @Override
    public Tensor causal(int l, int s, DType dtype) {
        ReferenceUse.note("1.3 causal mask");
        if (l < 1 || s < 1 || l > s) {
            throw new IllegalArgumentException(
                    "a causal mask needs 1 <= L <= S (the queries are the last positions), but L = " + l + " and S = "
                            + s);
        }
        Tensor query = Tensor.arange(l).add(s - l).reshape(l, 1);
        Tensor key = Tensor.arange(s).reshape(1, s);
        return additive(key.le(query), dtype); // [L, S]
    }

    @Override
    public Tensor padding(int[] lengths, int s, DType dtype) {
        ReferenceUse.note("1.3 padding mask");
        for (int b = 0; b < lengths.length; b++) {
            if (lengths[b] < 1 || lengths[b] > s) {
                throw new IllegalArgumentException(
                        "the length of row " + b + " must be in 1…" + s + ", but is " + lengths[b]);
            }
        }
        Tensor key = Tensor.arange(s).reshape(1, 1, 1, s);
        Tensor length = Tensor.of(lengths, lengths.length, 1, 1, 1);
        return additive(key.lt(length), dtype); // [B, 1, 1, S]
    }

    /** 0 where visible, -inf elsewhere; same shape. */
    public static Tensor additive(Tensor visible, DType dtype) {
        return Tensor.where(visible, Tensor.scalar(0, dtype), Tensor.scalar(Double.NEGATIVE_INFINITY, dtype));
    }
}
