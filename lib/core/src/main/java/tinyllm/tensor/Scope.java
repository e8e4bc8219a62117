package tinyllm.tensor;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Frees, when it closes, every tensor that its thread made since it was opened, except those that were kept. Scopes nest; a
 * tensor belongs to the innermost one. Nobody has to use a scope: without one the collector frees tensors in time.
 *
 * <pre>{@code
 * try (Scope scope = Scope.open()) {
 *     Tensor scores = q.matmul(k.T());
 *     return scope.keep(scores.sum());
 * }
 * }</pre>
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<@Nullable Scope> INNERMOST = new ThreadLocal<>();

    private final Thread thread = Thread.currentThread();
    private final @Nullable Scope outer = INNERMOST.get();
    private final Set<Handle> handles = new HashSet<>();
    private boolean closed;

    private Scope() {}

    public static Scope open() {
        Scope scope = new Scope();
        INNERMOST.set(scope);
        return scope;
    }

    /** Runs body in a scope and keeps only its result, which is evaluated first. */
    public static Tensor of(Supplier<Tensor> body) {
        try (Scope scope = open()) {
            Tensor result = body.get();
            if (result == null) {
                throw new IllegalArgumentException("Scope.of: the body returned null where a tensor was expected");
            }
            return scope.keep(result.eval());
        }
    }

    /**
     * Moves tensor, if it was made in this scope or in one inside it, to the enclosing scope (or to the collector, when
     * there is none). Returns tensor.
     */
    public Tensor keep(Tensor tensor) {
        check("keep");
        DeviceThread.locked(() -> {
            Handle handle = tensor.handle();
            handle.array("keep", tensor);
            for (Scope s = handle.scope; s != null; s = s.outer) {
                if (s == this) {
                    leave(handle);
                    enter(handle, outer);
                    break;
                }
            }
            return null;
        });
        return tensor;
    }

    /** Takes tensor out of every scope: it lives as long as somebody can reach it. Returns tensor. */
    public static Tensor escape(Tensor tensor) {
        DeviceThread.locked(() -> {
            Handle handle = tensor.handle();
            handle.array("escape", tensor);
            leave(handle);
            return null;
        });
        return tensor;
    }

    /** Frees this scope's tensors now, and those of scopes inside it that are still open. Closing again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        check("close");
        for (Scope s = INNERMOST.get(); s != null; s = s.outer) {
            s.free();
            if (s == this) {
                break;
            }
        }
        if (outer == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(outer);
        }
    }

    private void free() {
        closed = true;
        DeviceThread.locked(() -> {
            List.copyOf(handles).forEach(Registry::free);
            return null;
        });
    }

    private void check(String op) {
        if (!thread.equals(Thread.currentThread())) {
            throw new IllegalStateException("Scope." + op + ": this scope belongs to thread \"" + thread.getName()
                    + "\", not to \"" + Thread.currentThread().getName() + "\"");
        }
        if (closed) {
            throw new IllegalStateException("Scope." + op + ": this scope is closed");
        }
    }

    /** Puts a new handle into this thread's innermost scope. */
    static void enter(Handle handle) {
        enter(handle, INNERMOST.get());
    }

    private static void enter(Handle handle, @Nullable Scope scope) {
        handle.scope = scope;
        if (scope != null) {
            scope.handles.add(handle);
        }
    }

    static void leave(Handle handle) {
        Scope scope = handle.scope;
        if (scope != null) {
            scope.handles.remove(handle);
            handle.scope = null;
        }
    }
}
