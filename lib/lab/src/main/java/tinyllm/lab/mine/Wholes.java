package tinyllm.lab.mine;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tinyllm.nn.Attention;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.MaskFn;
import tinyllm.nn.Masks;
import tinyllm.nn.Rope;
import tinyllm.nn.RopeFn;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * Exercises that ask for a half of an interface, whose other half a later exercise asks for. A model needs both: the library's does
 * what the answer was never asked to.
 */
public final class Wholes {

    private static final Map<String, UnaryOperator<Object>> HALVES = Map.of(
            "1.2 rope", own -> rope((RopeFn) own),
            "1.3 causal mask", own -> mask((MaskFn) own),
            "1.5 attention layer", own -> layer((AttentionLayerFn) own));

    private Wholes() {}

    /** The answer, made whole where it is a half. */
    public static Object of(String exercise, Object own) {
        return HALVES.getOrDefault(exercise, UnaryOperator.identity()).apply(own);
    }

    private static RopeFn rope(RopeFn halves) {
        Rope library = new Rope();
        return (x, offset, theta, traditional) ->
                (traditional ? library : halves).rotate(x, offset, theta, traditional);
    }

    private static MaskFn mask(MaskFn causal) {
        return new MaskFn() {
            @Override
            public Tensor causal(int l, int s, DType dtype) {
                return causal.causal(l, s, dtype);
            }

            @Override
            public Tensor padding(int[] lengths, int s, DType dtype) {
                return new Masks().padding(lengths, s, dtype);
            }
        };
    }

    private static AttentionLayerFn layer(AttentionLayerFn qwen2) {
        Attention library = new Attention();
        return (x, weights, mask, offset, parts) -> normed(weights.qNorm(), weights.kNorm())
                ? library.apply(x, weights, mask, offset, parts)
                : qwen2.apply(x, weights, mask, offset, parts);
    }

    private static boolean normed(@Nullable Tensor q, @Nullable Tensor k) {
        return q != null || k != null;
    }
}
