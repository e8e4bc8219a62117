package tinyllm.tensor;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.Set;
import org.bytedeco.mlx.array;
import org.bytedeco.mlx.global.mlx;

/**
 * Knows every native array that Java holds, and what they weigh: bytes that MLX has allocated, plus bytes that arrays which
 * are not computed yet will take. Used under the device's lock only.
 *
 * <p>The Java collector sees a small object where a tensor holds megabytes, so this class asks it to run when the bytes have
 * grown by a good share since the last time, and refuses what would go over the budget.
 */
final class Registry {
    /** Longer chains are computed on the way: a graph that nobody reads would only grow. */
    static final int MAX_DEPTH = 2000;

    /** What a tensor of any size costs on the native side, about. */
    private static final long OVERHEAD = 1024;

    private static final long CHECK_EVERY = 1 << 20;
    private static final long COLLECT_EVERY = 384L << 20;

    private static final Set<Handle> LIVE = new HashSet<>();
    private static final ReferenceQueue<Tensor> UNREACHABLE = new ReferenceQueue<>();
    private static long lazyBytes;
    private static long unchecked;
    private static long collectAt = COLLECT_EVERY;

    static {
        Thread.ofPlatform().daemon().name("tinyllm-tensor-cleaner").start(Registry::clean);
    }

    private Registry() {}

    /** Wraps a native array that is the caller's; frees it if it is over the budget. */
    static Tensor adopt(String op, array value, Layout layout, int depth) {
        try {
            int[] shape = new int[Math.toIntExact(value.ndim())];
            for (int i = 0; i < shape.length; i++) {
                shape[i] = value.shape(i);
            }
            DType dtype = Dtypes.of(op, value);
            long bytes = layout == Layout.OWN ? value.nbytes() : 0;
            if (depth > 0) {
                admit(op, shape, dtype, bytes);
            }
            return register(value, shape, dtype, layout, depth == 0 ? 0 : bytes, depth);
        } catch (RuntimeException e) {
            value.deallocate();
            throw e;
        }
    }

    private static Tensor register(array value, int[] shape, DType dtype, Layout layout, long bytes, int depth) {
        Tensor tensor = new Tensor(shape, dtype, layout);
        Handle handle = new Handle(tensor, UNREACHABLE, value, bytes, depth);
        tensor.attach(handle);
        lazyBytes += bytes;
        if (depth == 0) {
            handle.evaluated();
        }
        LIVE.add(handle);
        Scope.enter(handle);
        return tensor;
    }

    /** Makes sure that bytes more fit into the budget, collecting first if need be. */
    static void admit(String op, int[] shape, DType dtype, long bytes) {
        unchecked += bytes + OVERHEAD;
        if (unchecked < CHECK_EVERY) {
            return;
        }
        unchecked = 0;
        if (used() < collectAt / 4) {
            // A model was freed: garbage need not grow as large again.
            collectAt = Math.max(COLLECT_EVERY, 2 * used());
        }
        long wanted = Math.min(collectAt, Memory.budget());
        if (exceeds(bytes, wanted)) {
            sweep();
            if (exceeds(bytes, wanted)) {
                collect();
                long used = used();
                collectAt = used + Math.max(COLLECT_EVERY, used / 4);
            }
        }
        if (exceeds(bytes, Memory.budget())) {
            throw new TensorMemoryException(op + " needs " + Memory.text(bytes) + " for shape " + Shapes.text(shape)
                    + " "
                    + dtype + ", but " + Memory.text(used()) + " of the budget of " + Memory.text(Memory.budget())
                    + " are in use; free tensors (Scope), use smaller shapes, or start Java with -D" + Memory.PROPERTY
                    + "=BYTES");
        }
    }

    /** The same for memory that is no tensor's. */
    static void require(String what, long bytes) {
        if (exceeds(bytes, Memory.budget())) {
            sweep();
            collect();
        }
        if (exceeds(bytes, Memory.budget())) {
            throw new TensorMemoryException(what + " needs " + Memory.text(bytes) + ", but " + Memory.text(used())
                    + " of the budget of " + Memory.text(Memory.budget())
                    + " are in use; free what you don't need, or start Java with -D" + Memory.PROPERTY + "=BYTES");
        }
    }

    private static boolean exceeds(long bytes, long limit) {
        return bytes > limit - used();
    }

    private static long used() {
        return mlx.get_active_memory() + lazyBytes + LIVE.size() * OVERHEAD;
    }

    static void lazyBytes(long change) {
        lazyBytes += change;
    }

    static int live() {
        return LIVE.size();
    }

    /** Finds the arrays that were computed because others needed them. */
    private static void sweep() {
        LIVE.forEach(Handle::isEvaluated);
    }

    static void lose(String why) {
        LIVE.forEach(handle -> handle.lost(why));
    }

    /** Runs the collector and frees what it finds; a reference of our own shows when it is done. */
    private static void collect() {
        ReferenceQueue<Object> done = new ReferenceQueue<>();
        Reference<Object> sentinel = new PhantomReference<>(new Object(), done);
        System.gc();
        boolean interrupted = false;
        try {
            done.remove(500);
            for (int idle = 0; idle < 3; idle++) {
                if (drain() > 0) {
                    idle = 0;
                }
                Thread.sleep(1);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            Reference.reachabilityFence(sentinel);
        }
        drain();
        mlx.clear_cache();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Frees what the collector has found so far. */
    static int drain() {
        int freed = 0;
        for (Reference<?> found = UNREACHABLE.poll(); found != null; found = UNREACHABLE.poll()) {
            free((Handle) found);
            freed++;
        }
        return freed;
    }

    static void free(Handle handle) {
        if (LIVE.remove(handle)) {
            handle.free();
            Scope.leave(handle);
        }
    }

    /** Frees while no operation runs that would. */
    private static void clean() {
        while (true) {
            try {
                Handle found = (Handle) UNREACHABLE.remove();
                DeviceThread.locked(() -> {
                    free(found);
                    return null;
                });
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
