package tinyllm.lab.exercises.flash.cpu;

import java.util.function.Supplier;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.LoopAttention;
import tinyllm.arrays.TiledAttention;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.lab.VectorAttention;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;

/** Exercises "2.4 tiled" and "2.4 vector": one attention, as loops and in lanes. */
public final class TiledExercises {

    public static final Exercise<TiledAttentionFn> TILED = common("2.4 tiled")
            .title("Attention, a tile of keys at a time")
            .reference(TiledAttention::new)
            .hint(
                    "Four loops: over heads, over queries, over tiles of keys that the query sees, over the keys of a tile. What exercise"
                            + " 1 kept in fields is now max and sum, two local numbers, and the query's row of the result itself, in which the"
                            + " weighted values grow.")
            .hint(
                    "Query i of head h begins at (h * L + i) * D in q and in the result. Key j of its KV head begins at"
                            + " (shape.kvHead(h) * S + j) * D in k and in v. A tile holds n = Math.min(TILE, shape.seen(i) - first) keys.")
            .hint(
                    "For each tile: n scores and their maximum; factor = exp(max − larger); sum and the row times factor; then weight ="
                            + " exp(scores[j] − larger) for each key, added to sum, and weight · v to the row. After the tiles"
                            + " the row is divided by sum. Make the array of scores once, before the loops.")
            .check(AttentionCases.memory())
            .mistake(
                    "all scores of a query",
                    "As much memory was taken as all scores of a query need. Make an array for one tile's scores once, before the loops,"
                            + " and use it again for every tile.",
                    LoopAttention::new)
            .build();

    public static final Exercise<TiledAttentionFn> VECTOR = common("2.4 vector")
            .title("The same in lanes")
            .reference(VectorAttention::new)
            .own("2.4 vector", "2.4 tiled")
            .hint(
                    "Three loops touch every number: query · key, the exponentials, and adding weight · value. The first and the last run"
                            + " along the D numbers of a head, LANES at a time; the exponentials along the tile's scores.")
            .hint(
                    "The dot product: sum = FloatVector.fromArray(FLOATS, q, at + c).fma(FloatVector.fromArray(FLOATS, k, key + c), sum),"
                            + " then reduceLanes(VectorOperators.ADD). Fill the scores behind the last key with minus infinity:"
                            + " then whole vectors can be used, and their weights are 0.")
            .hint(
                    "FloatVector.fromArray(FLOATS, scores, j).sub(max).lanewise(VectorOperators.EXP) gives LANES weights. For the values"
                            + " take some numbers of the head, multiply what out holds there by factor, go over the tile's keys with"
                            + " fma(FloatVector.broadcast(FLOATS, scores[j]), sum), and store once.")
            .mistake(
                    "the first lanes alone",
                    "Only the first numbers of each head were multiplied: go on in steps of LANES until headDim.",
                    wrong(() -> new AttentionSteps() {
                        @Override
                        int summed(int headDim) {
                            return Math.min(16, headDim);
                        }
                    }))
            .build();

    private TiledExercises() {}

    private static Exercise.Builder<TiledAttentionFn> common(String id) {
        Exercise.Builder<TiledAttentionFn> builder = Exercise.of(id, TiledAttentionFn.class);
        for (Case<TiledAttentionFn> each : AttentionCases.java()) {
            builder.check(each);
        }
        heads(builder);
        return softmax(builder);
    }

    /** Which keys a query reads, and how a score comes about. */
    private static void heads(Exercise.Builder<TiledAttentionFn> builder) {
        builder.mistake(
                        "no scale",
                        "The scores are not scaled: each is q · k times shape.scale().",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float scaled(float dot, AttentionShape shape) {
                                return dot;
                            }
                        }))
                .mistake(
                        "not causal",
                        "Queries look at keys that come after them: query i sees the first shape.seen(i) keys and no more.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int seen(AttentionShape shape, int query) {
                                return shape.keys();
                            }
                        }))
                .mistake(
                        "causal from the first key",
                        "Query i saw i + 1 keys. The queries are the last positions of the text, so it sees i + S − L + 1:"
                                + " shape.seen(i).",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int seen(AttentionShape shape, int query) {
                                return shape.causal() ? query + 1 : shape.keys();
                            }
                        }))
                .mistake(
                        "not itself",
                        "A query does not see its own key: the number of keys it sees is shape.seen(i), its own among them.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int seen(AttentionShape shape, int query) {
                                return shape.causal() ? shape.seen(query) - 1 : shape.keys();
                            }
                        }))
                .mistake(
                        "heads dealt round",
                        "Query head h read KV head h % H_kv. Neighbours share: it is h / (H / H_kv), shape.kvHead(h).",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int kvHead(AttentionShape shape, int head) {
                                return head % shape.kvHeads();
                            }
                        }))
                .mistake(
                        "the first KV head for all",
                        "Every query head read the first KV head: head h reads shape.kvHead(h), whose keys begin at"
                                + " shape.kvHead(h) * S * D.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int kvHead(AttentionShape shape, int head) {
                                return 0;
                            }
                        }))
                .mistake(
                        "the last keys left out",
                        "Only whole tiles were looked at, and the keys behind them were left out: the last tile holds what is"
                                + " left, Math.min(TILE, seen − first).",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int visited(int seen) {
                                return seen / TILE * TILE;
                            }
                        }))
                .mistake(
                        "values of the first tile",
                        "Every tile's weights met the values of the first tile: key j of a tile has row first + j in v, too.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int valueRow(int first, int j) {
                                return j;
                            }
                        }))
                .mistake(
                        "scores of the tile before",
                        "The last tile was not full, and the scores behind its keys were still those of the tile before: they count"
                                + " in the sum. Stop at the tile's keys, or set the rest to minus infinity.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            int used(int n) {
                                return TILE;
                            }
                        }));
    }

    /** What happens between two tiles. */
    private static Exercise.Builder<TiledAttentionFn> softmax(Exercise.Builder<TiledAttentionFn> builder) {
        return builder.mistake(
                        "nothing rescaled",
                        "A tile brought a larger score, and what was summed before stayed relative to the old one: multiply sum and"
                                + " weighted by exp(max − larger).",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float factor(float before, float larger) {
                                return 1;
                            }
                        }))
                .mistake(
                        "sum not rescaled",
                        "The weighted values were rescaled between tiles, the sum was not: both are relative to the maximum.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float ofSum(float factor) {
                                return 1;
                            }
                        }))
                .mistake(
                        "values not rescaled",
                        "The sum was rescaled between tiles, the weighted values were not: both are relative to the maximum.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float ofValues(float factor) {
                                return 1;
                            }
                        }))
                .mistake(
                        "no maximum",
                        "exp of a score itself overflows for large scores, and vanishes for very small ones: subtract the largest score"
                                + " so far.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float larger(float before, float ofTile) {
                                return 0;
                            }

                            @Override
                            float factor(float before, float larger) {
                                return 1;
                            }
                        }))
                .mistake(
                        "maximum begins at 0",
                        "The maximum began at 0, so a query whose scores lie all far below it has only zeros: begin with minus"
                                + " infinity.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float start() {
                                return 0;
                            }
                        }))
                .mistake(
                        "not divided",
                        "The weighted values came back as they are: divided by the sum of the weights they are a mean.",
                        wrong(() -> new AttentionSteps() {
                            @Override
                            float divided(float value, float sum) {
                                return value;
                            }
                        }));
    }

    private static Supplier<TiledAttentionFn> wrong(Supplier<AttentionSteps> make) {
        return make::get;
    }
}
