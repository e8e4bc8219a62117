package tinyllm.model;

import org.jspecify.annotations.Nullable;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Linear;
import tinyllm.tensor.Tensor;

/** Adds up what a decoder's weights hold. */
final class WeightBytes {

    private WeightBytes() {}

    static long of(DecoderWeights w) {
        long bytes = w.embedTokens().nbytes() + w.norm().nbytes() + of(w.lmHead());
        for (BlockWeights block : w.layers()) {
            bytes += of(block.attention()) + of(block.inputNorm()) + of(block.postAttentionNorm());
            bytes += of(block.gateProj()) + of(block.upProj()) + of(block.downProj());
        }
        return bytes;
    }

    private static long of(AttentionWeights a) {
        return of(a.qProj()) + of(a.kProj()) + of(a.vProj()) + of(a.oProj()) + of(a.qNorm()) + of(a.kNorm());
    }

    private static long of(Linear linear) {
        return linear.weight().nbytes() + of(linear.bias());
    }

    private static long of(@Nullable Tensor t) {
        return t == null ? 0 : t.nbytes();
    }
}
