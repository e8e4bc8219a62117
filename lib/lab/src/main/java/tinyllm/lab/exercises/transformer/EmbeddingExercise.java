package tinyllm.lab.exercises.transformer;

import java.util.Arrays;
import java.util.function.BinaryOperator;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.nn.Embedding;
import tinyllm.nn.EmbeddingFn;
import tinyllm.nn.Softmax;
import tinyllm.tensor.Tensor;

/** Exercise "1.5 embedding". */
public final class EmbeddingExercise {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares tasks
    private record Task(Tensor table, int[] tokens, Tensor hidden) {}

    public static final Exercise<EmbeddingFn> EMBEDDING = Exercise.of("1.5 embedding", EmbeddingFn.class)
            .title("From ids to vectors, and back to logits")
            .reference(Embedding::new)
            .hint(
                    "embed picks rows of the table. asLinear compares a vector with every row of it: one dot product each.")
            .hint("Tensor.take(ids, axis) picks along an axis. [..., E] times what gives [..., V]?")
            .hint("weight.take(tokens, 0), and x.matmul(weight.T()).")
            .check(situation("three tokens", 7, new int[] {3, 0, 6}, 1, 3, 4))
            .check(situation("one token", 5, new int[] {4}, 1, 1, 3))
            .check(situation("the same token twice", 6, new int[] {5, 1, 5, 2}, 2, 2, 4))
            .check(situation("as many tokens in the vocabulary as dimensions", 4, new int[] {1, 3, 0}, 2, 3, 4))
            .check(situation("one vector", 6, new int[] {2, 0}, 4))
            .mistake(
                    "columns picked",
                    "Columns of the table came, not rows: token i's vector is row i, so pick along axis 0.",
                    () -> wrong((w, ids) -> w.take(ids, 1), EmbeddingExercise::logits))
            .mistake(
                    "table not transposed",
                    "The product is with the table as it stands. A logit is a vector times a row: x · weightᵀ.",
                    () -> wrong((w, ids) -> w.take(ids, 0), (w, x) -> x.matmul(w)))
            .mistake(
                    "every token once",
                    "A token that occurs twice has to come twice: the text's length must stay.",
                    () -> wrong(
                            (w, ids) -> w.take(Arrays.stream(ids).distinct().toArray(), 0), EmbeddingExercise::logits))
            .mistake(
                    "sorted",
                    "The rows came in the order of the ids: they belong in the order of the text.",
                    () -> wrong(
                            (w, ids) -> w.take(Arrays.stream(ids).sorted().toArray(), 0), EmbeddingExercise::logits))
            .mistake(
                    "times √E",
                    "The vectors are scaled by √E. The first transformer and Gemma do that; Qwen takes the rows as they are.",
                    () -> wrong((w, ids) -> w.take(ids, 0).mul(Math.sqrt(w.dim(1))), EmbeddingExercise::logits))
            .mistake(
                    "logits divided by √E",
                    "The logits are divided by √E. That scale belongs to attention; the output layer has none.",
                    () -> wrong(
                            (w, ids) -> w.take(ids, 0), (w, x) -> logits(w, x).div(Math.sqrt(w.dim(1)))))
            .mistake(
                    "probabilities returned",
                    "asLinear gave probabilities: it must give logits, the softmax comes with the sampling.",
                    () -> wrong((w, ids) -> w.take(ids, 0), (w, x) -> new Softmax().softmax(logits(w, x))))
            .mistake(
                    "ids counted from 1",
                    "Every token got its neighbour's vector: ids count from 0.",
                    () -> wrong(
                            (w, ids) -> w.take(
                                    Arrays.stream(ids)
                                            .map(id -> Math.floorMod(id - 1, w.dim(0)))
                                            .toArray(),
                                    0),
                            EmbeddingExercise::logits))
            .build();

    private EmbeddingExercise() {}

    private interface Lookup {
        Tensor rows(Tensor weight, int[] ids);
    }

    private static EmbeddingFn wrong(Lookup lookup, BinaryOperator<Tensor> output) {
        return new EmbeddingFn() {
            @Override
            public Tensor embed(Tensor weight, int[] tokens) {
                return lookup.rows(weight, tokens);
            }

            @Override
            public Tensor asLinear(Tensor weight, Tensor x) {
                return output.apply(weight, x);
            }
        };
    }

    private static Tensor logits(Tensor weight, Tensor x) {
        return x.matmul(weight.T());
    }

    /** @param hidden the shape of the hidden states, whose last axis is E */
    private static Case<EmbeddingFn> situation(String name, int vocabulary, int[] tokens, int... hidden) {
        return Case.of(
                name,
                seed -> {
                    Draw draw = new Draw(seed);
                    return new Task(draw.normal(vocabulary, hidden[hidden.length - 1]), tokens, draw.normal(hidden));
                },
                (EmbeddingFn answer, Task in) -> Arrays.asList(
                        answer.embed(in.table(), in.tokens().clone()), answer.asLinear(in.table(), in.hidden())));
    }
}
