package tinyllm.nn;

import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Additive attention masks: 0 where a query may look, -inf where it may not (chapter 1.3). */
public interface MaskFn extends Part {

    /**
     * The causal mask. With fewer queries than keys the queries are the last positions.
     *
     * @return {@code [L, S]}: query i sees key j when {@code j <= i + (S - L)}
     * @throws IllegalArgumentException when L &gt; S
     */
    Tensor causal(int l, int s, DType dtype);

    /**
     * The padding mask of a batch padded on the right.
     *
     * @param lengths the true length of each row, each in 1…s
     * @return {@code [B, 1, 1, S]}: key j of row b is visible when {@code j < lengths[b]}
     */
    Tensor padding(int[] lengths, int s, DType dtype);
}
