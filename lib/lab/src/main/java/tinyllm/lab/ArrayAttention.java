package tinyllm.lab;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.nn.GroupedAttentionFn;
import tinyllm.tensor.Tensor;

/**
 * A learner's attention over plain arrays in the place of a model's (chapter 2.4). KV heads, each with the query heads that read it,
 * are shared out over the cores.
 */
public final class ArrayAttention implements GroupedAttentionFn {

    private final Supplier<? extends TiledAttentionFn> attention;

    /** Makes a learner's object for every KV head. */
    public ArrayAttention(Supplier<? extends TiledAttentionFn> attention) {
        this.attention = attention;
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, double scale) {
        boolean causal = mask != null && causal(mask, q.dim(2), k.dim(2));
        AttentionShape whole =
                new AttentionShape(q.dim(1), k.dim(1), q.dim(2), k.dim(2), q.dim(3), causal, (float) scale);
        float[] queries = q.toFloats();
        float[] keys = k.toFloats();
        float[] values = v.toFloats();
        float[] out = new float[queries.length];
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the model was interrupted");
        }
        IntStream.range(0, q.dim(0) * k.dim(1))
                .parallel()
                .forEach(head -> share(queries, keys, values, out, head, whole));
        return Tensor.of(out, q.shape());
    }

    /** One KV head of one text, and the query heads that read it. */
    private void share(float[] q, float[] k, float[] v, float[] out, int head, AttentionShape whole) {
        int group = whole.heads() / whole.kvHeads();
        int d = whole.headDim();
        int mine = group * whole.queries() * d;
        int read = whole.keys() * d;
        AttentionShape shape =
                new AttentionShape(group, 1, whole.queries(), whole.keys(), d, whole.causal(), whole.scale());
        float[] result = attention.get().attend(part(q, head, mine), part(k, head, read), part(v, head, read), shape);
        if (result.length != mine) {
            throw new IllegalStateException("the attention gave " + result.length + " numbers for " + group + " heads, "
                    + whole.queries() + " queries and " + d + " numbers a head: " + mine + " are right");
        }
        System.arraycopy(result, 0, out, head * mine, mine);
    }

    private static float[] part(float[] all, int index, int size) {
        return Arrays.copyOfRange(all, index * size, (index + 1) * size);
    }

    /** Whether the mask is the causal one: plain arrays know that one and none. */
    private static boolean causal(Tensor mask, int queries, int keys) {
        int[] shape = mask.shape();
        if (mask.size() == (long) queries * keys && shape[shape.length - 1] == keys) {
            float[] values = mask.toFloats();
            boolean causal = IntStream.range(0, values.length)
                    .allMatch(n -> values[n] == (n % keys <= n / keys + keys - queries ? 0 : Float.NEGATIVE_INFINITY));
            if (causal) {
                return true;
            }
        }
        throw new IllegalArgumentException(
                "an attention over plain arrays takes the causal mask or none, not a mask of shape "
                        + Arrays.toString(shape) + " that hides other keys");
    }
}
