package tinyllm.tensor;

import java.util.function.Supplier;

/** CONTRACT STUB. Frees every tensor made inside, except those passed to keep. Scopes nest per thread. */
public final class Scope implements AutoCloseable {
    private Scope() {}

    public static Scope open() {
        throw new UnsupportedOperationException("stub");
    }

    /** Runs body in a scope and keeps only its result (evaluated first). */
    public static Tensor of(Supplier<Tensor> body) {
        throw new UnsupportedOperationException("stub");
    }

    /** Moves tensor to the enclosing scope (or to the collector, when there is none). */
    public Tensor keep(Tensor tensor) {
        throw new UnsupportedOperationException("stub");
    }

    @Override
    public void close() {}
}
