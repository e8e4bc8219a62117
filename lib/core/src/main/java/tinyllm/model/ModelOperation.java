package tinyllm.model;

import java.util.ArrayList;
import java.util.List;

/**
 * A kind of operation of a model's step, over all layers, by the name that {@link CausalLm#timed} gives it.
 *
 * @param matrices what it multiplies by; empty for attention, which reads keys and values
 */
public record ModelOperation(String name, List<Matrix> matrices) {

    static final String QKV = "q, k, v";
    static final String ATTENTION = "attention";
    static final String ATTENTION_OUT = "attention out";
    static final String GATE_UP = "gate, up";
    static final String DOWN = "down";
    static final String OUTPUT = "output layer";
    static final String EMBEDDING = "embedding";

    /**
     * A matrix of weights.
     *
     * @param in numbers that it reads for each token
     * @param out numbers that it makes
     * @param bytes as it is stored, scales and biases included
     */
    public record Matrix(int in, int out, long bytes) {}

    public ModelOperation {
        matrices = List.copyOf(matrices);
    }

    static ModelOperation of(String name, Matrix... matrices) {
        return new ModelOperation(name, List.of(matrices));
    }

    public long weights() {
        return matrices.stream().mapToLong(m -> (long) m.in() * m.out()).sum();
    }

    public long weightBytes() {
        return matrices.stream().mapToLong(Matrix::bytes).sum();
    }

    /** The same kind in one more layer. */
    ModelOperation plus(ModelOperation other) {
        List<Matrix> all = new ArrayList<>(matrices);
        all.addAll(other.matrices);
        return new ModelOperation(name, all);
    }
}
