package tinyllm.lab;

import org.jspecify.annotations.Nullable;
import tinyllm.lab.exercises.flash.gpu.PrefillKernels;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.tensor.Tensor;

/** Attention of a model in which a prompt runs through a learner's causal Metal kernel, on a GPU or on the host (chapter 2.5b). */
public final class MetalPrefill implements GroupedAttentionFn {

    private final String source;
    private final GroupedAttentionFn others = new GroupedQueryAttention();

    /** @param source a kernel as exercise "2.5b causal" asks for */
    public MetalPrefill(String source) {
        this.source = source;
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        int length = q.dim(2);
        if (q.dim(0) != 1 || q.dim(3) != PrefillKernels.HEAD || (length > 1 && mask == null)) {
            return others.attend(q, k, v, mask, scale);
        }
        return PrefillKernels.call(source, heads(q), heads(k), heads(v))
                .run()
                .getFirst()
                .reshape(q.shape());
    }

    /** {@code [1, H, L, 64]} to {@code [H, L, 64]}. */
    private static Tensor heads(Tensor t) {
        return t.reshape(t.dim(1), t.dim(2), PrefillKernels.HEAD);
    }
}
