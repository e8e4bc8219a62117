package tinyllm.lab.exercises.flash.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.lab.Allocated;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.tensor.Tensor;

/** Queries, keys and values for the exercises of chapter 2.4, and what is right for them. */
final class AttentionCases {

    private static final float SCALE = 0.25f;
    private static final int LONG = 150_000;
    /** Bytes: keys and values once more, and two thirds of a query's scores. */
    private static final long LIMIT = 2 * 4L * LONG + 4L * LONG * 2 / 3;

    /** How scores lie: about zero, far apart, all far below zero, or growing and falling from key to key. */
    enum Scores {
        COMMON,
        HUGE,
        LOW,
        RISING,
        FALLING
    }

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    record Inputs(float[] q, float[] k, float[] v, AttentionShape shape) {

        static Inputs draw(long seed, AttentionShape shape, Scores scores) {
            Draw draw = new Draw(seed);
            int d = shape.headDim();
            float[] q = draw.scaled(scores == Scores.HUGE ? 300 : 1, shape.heads(), shape.queries(), d)
                    .toFloats();
            float[] k = draw.normal(shape.kvHeads(), shape.keys(), d).toFloats();
            float[] v = draw.normal(shape.kvHeads(), shape.keys(), d).toFloats();
            if (scores != Scores.COMMON && scores != Scores.HUGE) {
                for (int n = 0; n < q.length; n++) {
                    q[n] += n % d == 0 ? 20 : 0;
                }
                for (int row = 0; row < k.length / d; row++) {
                    k[row * d] = lean(scores, row % shape.keys());
                }
            }
            return new Inputs(q, k, v, shape);
        }

        /** The first number of a key; it meets about 20 in every query. */
        private static float lean(Scores scores, int key) {
            return switch (scores) {
                case LOW -> -60;
                case RISING -> .05f * key;
                default -> -.05f * key;
            };
        }

        /** Exact, in double precision: {@code [H, L, D]}. */
        Tensor exact() {
            int d = shape.headDim();
            float[] out = new float[q.length];
            for (int row = 0; row < q.length / d; row++) {
                int keysAt = shape.kvHead(row / shape.queries()) * shape.keys() * d;
                double[] scores = new double[shape.seen(row % shape.queries())];
                double max = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < scores.length; j++) {
                    for (int c = 0; c < d; c++) {
                        scores[j] += (double) q[row * d + c] * k[keysAt + j * d + c];
                    }
                    scores[j] *= shape.scale();
                    max = Math.max(max, scores[j]);
                }
                double sum = 0;
                double[] weighted = new double[d];
                for (int j = 0; j < scores.length; j++) {
                    double weight = Math.exp(scores[j] - max);
                    sum += weight;
                    for (int c = 0; c < d; c++) {
                        weighted[c] += weight * v[keysAt + j * d + c];
                    }
                }
                for (int c = 0; c < d; c++) {
                    out[row * d + c] = (float) (weighted[c] / sum);
                }
            }
            return Tensor.of(out, shape.heads(), shape.queries(), d);
        }
    }

    private AttentionCases() {}

    static AttentionShape causal(int heads, int kvHeads, int queries, int keys, int headDim) {
        return new AttentionShape(heads, kvHeads, queries, keys, headDim, true, SCALE);
    }

    static AttentionShape open(int heads, int kvHeads, int queries, int keys, int headDim) {
        return new AttentionShape(heads, kvHeads, queries, keys, headDim, false, SCALE);
    }

    /** What both Java forms are tried on; heads are a multiple of 16 numbers. */
    static List<Case<TiledAttentionFn>> java() {
        List<Case<TiledAttentionFn>> cases = new ArrayList<>();
        cases.add(java("one query, one key", causal(1, 1, 1, 1, 16), Scores.COMMON));
        cases.add(java("a new token over five keys", causal(2, 2, 1, 5, 16), Scores.COMMON));
        cases.add(java("70 tokens: a tile and a bit", causal(1, 1, 70, 70, 16), Scores.COMMON));
        cases.add(java("exactly one tile of 64", causal(1, 1, 2, 64, 16), Scores.COMMON));
        cases.add(java("the last 5 of 100 positions", causal(1, 1, 5, 100, 16), Scores.COMMON));
        cases.add(java("every query sees every key", open(1, 1, 3, 130, 16), Scores.COMMON));
        cases.add(java("6 query heads share 2 KV heads", causal(6, 2, 4, 70, 16), Scores.COMMON));
        cases.add(java("heads of 80 numbers", causal(2, 1, 3, 66, 80), Scores.COMMON));
        cases.add(java("as many queries as numbers a head", open(2, 2, 32, 32, 32), Scores.COMMON));
        cases.add(java("scores in the hundreds", causal(1, 1, 4, 80, 16), Scores.HUGE));
        cases.add(java("all scores far below zero", causal(1, 1, 4, 80, 16), Scores.LOW));
        cases.add(java("scores that rise from tile to tile", causal(1, 1, 4, 200, 16), Scores.RISING));
        cases.add(java("scores that fall from tile to tile", causal(1, 1, 4, 200, 16), Scores.FALLING));
        return cases;
    }

    private static Case<TiledAttentionFn> java(String name, AttentionShape shape, Scores scores) {
        return Case.of(
                        name,
                        seed -> Inputs.draw(seed, shape, scores),
                        (TiledAttentionFn answer, Inputs in) ->
                                result(answer.attend(in.q(), in.k(), in.v(), in.shape()), in),
                        Inputs::exact)
                .within(1e-3, 1e-3);
    }

    private static @Nullable Tensor result(float @Nullable [] out, Inputs in) {
        if (out == null) {
            return null;
        }
        AttentionShape shape = in.shape();
        return out.length == in.q().length
                ? Tensor.of(out, shape.heads(), shape.queries(), shape.headDim())
                : Tensor.of(out);
    }

    /** Two queries over very many keys of one number; the check itself copies its inputs once, a part of the limit. */
    static Case<TiledAttentionFn> memory() {
        return Case.of(
                "150,000 keys, one tile of scores",
                seed -> many(seed),
                (TiledAttentionFn answer, Inputs in) -> {
                    long taken = Allocated.bytes(() -> answer.attend(in.q(), in.k(), in.v(), in.shape()));
                    return Map.of("memory", taken < LIMIT ? "that of a tile" : "that of all scores of a query");
                },
                in -> Map.of("memory", "that of a tile"));
    }

    private static Inputs many(long seed) {
        float[] k = new float[LONG];
        float[] v = new float[LONG];
        for (int j = 0; j < LONG; j++) {
            k[j] = (j + seed) % 17 * .1f;
            v[j] = (j + seed) % 23 * .1f;
        }
        return new Inputs(new float[] {1, -1}, k, v, causal(1, 1, 2, LONG, 1));
    }
}
