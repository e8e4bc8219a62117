package tinyllm.nn;

import org.jspecify.annotations.Nullable;
import tinyllm.tensor.Tensor;

/** Grouped-query attention (chapter 1.3; Ainslie et al. 2023): query head h reads KV head h / (H_q / H_kv). */
@FunctionalInterface
public interface GroupedAttentionFn extends Part {

    /**
     * @param q {@code [B, H_q, L, D]}
     * @param k {@code [B, H_kv, S, D]}; never repeated, broadcast
     * @param v {@code [B, H_kv, S, D]}
     * @param mask broadcastable to {@code [B, H_q, L, S]}, added to the scaled scores; null for none
     * @return {@code [B, H_q, L, D]}
     */
    Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale);
}
