package tinyllm.lab.mine;

import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tinyllm.engine.Scheduler;
import tinyllm.engine.SchedulerPolicy;
import tinyllm.engine.SchedulerState;
import tinyllm.engine.SchedulerStep;
import tinyllm.engine.Sequence;
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
            "1.5 attention layer", own -> layer((AttentionLayerFn) own),
            "2.6 scheduler", own -> whole((SchedulerStep) own));

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

    /** Chapter 2.6 reads every text in one step and knows no shared pages: other situations are the library's. */
    private static SchedulerStep whole(SchedulerStep plain) {
        Scheduler library = new Scheduler();
        return (state, policy) -> isPlain(state, policy) ? plain.plan(state, policy) : library.plan(state, policy);
    }

    private static boolean isPlain(SchedulerState state, SchedulerPolicy policy) {
        return state.running().stream().allMatch(Sequence::decoding)
                && state.waiting().stream()
                        .limit(policy.maxRunning())
                        .allMatch(s -> s.missing()
                                        <= policy.stepTokens() - state.running().size()
                                && state.prefixes().of(s).tokens() == 0);
    }

    private static boolean normed(@Nullable Tensor q, @Nullable Tensor k) {
        return q != null || k != null;
    }
}
