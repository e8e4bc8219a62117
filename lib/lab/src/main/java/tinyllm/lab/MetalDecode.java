package tinyllm.lab;

import org.jspecify.annotations.Nullable;
import tinyllm.lab.exercises.flash.gpu.DecodeKernels;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.tensor.Tensor;

/**
 * Attention of a model in which each new token runs through a learner's Metal kernel, on a GPU or on the host (chapter 2.5a); the prompt
 * runs through array operations.
 */
public final class MetalDecode implements GroupedAttentionFn {

    private final String source;
    private final GroupedAttentionFn prompt = new GroupedQueryAttention();
    private int launches;

    /** @param source a kernel as exercise "2.5a decode" asks for */
    public MetalDecode(String source) {
        this.source = source;
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        if (q.dim(0) != 1 || q.dim(2) != 1 || q.dim(3) != DecodeKernels.HEAD) {
            return prompt.attend(q, k, v, mask, scale);
        }
        launches++;
        int heads = q.dim(1);
        Tensor row = q.reshape(heads, DecodeKernels.HEAD);
        Tensor out = DecodeKernels.call(source, row, cached(k), cached(v), DecodeKernels.GROUPS)
                .run()
                .getFirst();
        return out.reshape(1, heads, 1, DecodeKernels.HEAD);
    }

    /** {@code [1, H_kv, S, 64]} to {@code [H_kv, S, 64]}. */
    private static Tensor cached(Tensor t) {
        return t.reshape(t.dim(1), t.dim(2), DecodeKernels.HEAD);
    }

    /** How many times the kernel was launched: once for each layer of each new token. */
    public int launches() {
        return launches;
    }
}
