package tinyllm.tensor;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import org.bytedeco.mlx.array;
import org.jspecify.annotations.Nullable;

/**
 * The native side of one tensor. Its native array is freed exactly once, under the device's lock: when its scope closes, or
 * when the collector has found that nobody can reach the tensor.
 */
final class Handle extends PhantomReference<Tensor> {
    private final array value;
    private final int depth;
    private long lazyBytes;
    private volatile boolean evaluated;
    private volatile boolean freed;

    private @Nullable String failure;

    @Nullable
    Scope scope;

    Handle(Tensor tensor, ReferenceQueue<Tensor> queue, array value, long lazyBytes, int depth) {
        super(tensor, queue);
        this.value = value;
        this.lazyBytes = lazyBytes;
        this.depth = depth;
    }

    array array(String op, Tensor tensor) {
        if (freed) {
            throw new IllegalStateException(op + ": this tensor, " + tensor.describe()
                    + ", was freed when its Scope closed; pass it to Scope.keep to use it longer");
        }
        if (failure != null) {
            throw new TensorException(op + ": " + tensor.describe()
                    + " was not computed yet when a computation failed, and is lost; make it again. (" + failure + ")");
        }
        return value;
    }

    /** After a failed computation MLX passes off unwritten memory as values: what was not computed before is lost. */
    void lost(String why) {
        if (!evaluated && !freed) {
            failure = why;
            evaluated();
        }
    }

    /** How many operations deep the graph may be that stands behind this array. */
    int depth() {
        return evaluated ? 0 : depth;
    }

    /** Asks MLX too: an array is also computed when another one needed it. */
    boolean isEvaluated() {
        if (!evaluated && !freed && value.is_available()) {
            evaluated();
        }
        return evaluated;
    }

    void evaluated() {
        evaluated = true;
        Registry.lazyBytes(-lazyBytes);
        lazyBytes = 0;
    }

    void free() {
        if (!freed) {
            freed = true;
            evaluated();
            value.deallocate();
        }
    }
}
