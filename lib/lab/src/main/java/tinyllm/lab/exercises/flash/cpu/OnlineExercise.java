package tinyllm.lab.exercises.flash.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.OnlineMean;
import tinyllm.arrays.OnlineMeanFn;
import tinyllm.lab.Allocated;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "2.4 online softmax". */
public final class OnlineExercise {

    private static final int MANY = 400;
    private static final int KEYS = 500;
    private static final int DIM = 8;

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Block(float[] scores, float[] values) {}

    private record Query(int dim, List<Block> blocks) {}

    public static final Exercise<OnlineMeanFn> ONLINE = Exercise.of("2.4 online softmax", OnlineMeanFn.class)
            .title("A softmax that never sees all its scores")
            .reference(OnlineMean::new)
            .hint(
                    "Three things are enough, however many keys pass: the largest score so far, the sum of the exponentials relative to"
                            + " it, and the values weighted by them. mean() divides.")
            .hint(
                    "A block may bring a larger score. What was summed so far is relative to the old one: multiply sum and weighted by"
                            + " exp(old − new) before anything is added. Begin with minus infinity, then the first factor is 0.")
            .hint(
                    "larger = the maximum of max and the block's scores; if it is still minus infinity, return. factor ="
                            + " (float) Math.exp(max - larger); sum and each weighted[c] times factor; then for each key weight ="
                            + " (float) Math.exp(scores[j] - larger), sum += weight, weighted[c] += weight * values[j * dim + c].")
            .check(queries("one block", seed -> normal(seed, 4, 3)))
            .check(queries("three blocks", seed -> normal(seed, 3, 5, 5, 5)))
            .check(queries("one key at a time", seed -> normal(seed, 2, 1, 1, 1, 1)))
            .check(queries("blocks of different sizes", seed -> normal(seed, 4, 7, 2, 4)))
            .check(queries("each block larger", seed -> shifted(seed, -3, 0, 3, 6)))
            .check(queries("each block smaller", seed -> shifted(seed, 6, 3, 0, -3)))
            .check(queries("a thousand, then minus a thousand", seed -> shifted(seed, 1000, -1000, 1000)))
            .check(queries("all far below zero", seed -> shifted(seed, -1000, -1002, -999)))
            .check(queries("a masked key in each block", seed -> masked(seed, 3, 0, 1, 2)))
            .check(queries("the first block masked", seed -> masked(seed, 3, -1, 0)))
            .check(queries("the last block masked", seed -> masked(seed, 3, 0, -1)))
            .check(queries("everything masked", seed -> masked(seed, 2, -1, -1)))
            .check(Case.of(
                            "two queries, one after the other",
                            seed -> List.of(shifted(seed, 5, 4), normal(seed + 1, 6, 4, 4)),
                            (OnlineMeanFn answer, List<Query> in) -> means(answer, in),
                            in -> in.stream().map(OnlineExercise::exact).toList())
                    .within(1e-4, 1e-5))
            .check(Case.of(
                    "200,000 keys pass by",
                    seed -> seed,
                    (OnlineMeanFn answer, Long seed) -> memory(answer, seed),
                    seed -> Map.of("memory", "a few numbers")))
            .mistake(
                    "nothing rescaled",
                    "A later block brought a larger score, and what was summed before stayed relative to the old one. Multiply sum and"
                            + " weighted by exp(old maximum − new maximum) first.",
                    () -> new OnlineSteps() {
                        @Override
                        float factor(float before, float larger) {
                            return 1;
                        }
                    })
            .mistake(
                    "values not rescaled",
                    "The sum was rescaled when the maximum grew, the weighted values were not: both are relative to it.",
                    () -> new OnlineSteps() {
                        @Override
                        float ofValues(float factor) {
                            return 1;
                        }
                    })
            .mistake(
                    "sum not rescaled",
                    "The weighted values were rescaled when the maximum grew, the sum was not: both are relative to it.",
                    () -> new OnlineSteps() {
                        @Override
                        float ofSum(float factor) {
                            return 1;
                        }
                    })
            .mistake(
                    "factor upside down",
                    "The factor is the wrong way round: what was relative to a smaller maximum has to become smaller,"
                            + " exp(old − new).",
                    () -> new OnlineSteps() {
                        @Override
                        float factor(float before, float larger) {
                            return before == Float.NEGATIVE_INFINITY ? 1 : (float) Math.exp(larger - before);
                        }
                    })
            .mistake(
                    "no maximum",
                    "exp of the score itself overflows for large scores, and all of them vanish for very small ones: subtract the largest"
                            + " score so far.",
                    () -> new OnlineSteps() {
                        @Override
                        float larger(float before, float ofBlock) {
                            return 0;
                        }

                        @Override
                        float factor(float before, float larger) {
                            return 1;
                        }
                    })
            .mistake(
                    "the block's own maximum",
                    "The maximum became smaller with a later block, so the factor was larger than 1 and overflowed: it is the largest of"
                            + " all scores so far, not of this block.",
                    () -> new OnlineSteps() {
                        @Override
                        float larger(float before, float ofBlock) {
                            return ofBlock;
                        }
                    })
            .mistake(
                    "maximum begins at 0",
                    "The maximum began at 0, so with all scores far below it every exponential is 0: begin with minus infinity.",
                    () -> new OnlineSteps() {
                        @Override
                        float start() {
                            return 0;
                        }
                    })
            .mistake(
                    "masked block is NaN",
                    "Minus infinity less minus infinity is not a number: while every key so far is masked, there is nothing to add."
                            + " Return early.",
                    () -> new OnlineSteps() {
                        @Override
                        boolean skips(float larger) {
                            return false;
                        }
                    })
            .mistake(
                    "divides by zero",
                    "Nothing was seen, the sum is 0, and 0 / 0 is not a number: then the mean is zeros.",
                    () -> new OnlineSteps() {
                        @Override
                        float divided(float value) {
                            return value / sum;
                        }
                    })
            .mistake(
                    "not divided",
                    "The weighted values came back as they are: divided by the sum of the weights they are a mean.",
                    () -> new OnlineSteps() {
                        @Override
                        float divided(float value) {
                            return value;
                        }
                    })
            .mistake(
                    "mean of the blocks' means",
                    "Each block's mean counted as much as any other's. A block with larger scores weighs more: carry the sum of the"
                            + " exponentials along.",
                    () -> new OnlineSteps() {
                        @Override
                        public void add(float[] scores, float[] values) {
                            OnlineSteps block = new OnlineSteps();
                            block.begin(weighted.length);
                            block.add(scores, values);
                            float[] mean = block.mean();
                            sum += block.sum == 0 ? 0 : 1;
                            for (int c = 0; c < mean.length; c++) {
                                weighted[c] += mean[c];
                            }
                        }
                    })
            .mistake(
                    "keeps every key",
                    "Every score and value was kept until the end: with 200,000 keys that is as much memory as the values themselves. Three"
                            + " things are enough: the maximum, a sum, and one weighted row.",
                    OnlineSteps.KeepsAll::new)
            .build();

    private OnlineExercise() {}

    private static Case<OnlineMeanFn> queries(String name, LongFunction<Query> query) {
        return Case.of(
                        name,
                        query,
                        (OnlineMeanFn answer, Query in) ->
                                means(answer, List.of(in)).getFirst(),
                        OnlineExercise::exact)
                .within(1e-4, 1e-5);
    }

    /** For each query the mean after each block, {@code [blocks, D]}. The arrays are used for something else afterwards. */
    private static List<@Nullable Tensor> means(OnlineMeanFn answer, List<Query> queries) {
        List<@Nullable Tensor> means = new ArrayList<>();
        for (Query query : queries) {
            answer.begin(query.dim());
            List<float[]> rows = new ArrayList<>();
            boolean missing = false;
            for (Block block : query.blocks()) {
                answer.add(block.scores(), block.values());
                Arrays.fill(block.scores(), 77);
                Arrays.fill(block.values(), 88);
                float[] mean = answer.mean();
                missing |= mean == null;
                rows.add(mean == null ? new float[0] : mean.clone());
            }
            means.add(missing ? null : table(rows, query.dim()));
        }
        return means;
    }

    /** The rows as a matrix; one long row where they have other lengths. */
    private static Tensor table(List<float[]> rows, int dim) {
        int size = rows.stream().mapToInt(row -> row.length).sum();
        float[] all = new float[size];
        int at = 0;
        boolean even = true;
        for (float[] row : rows) {
            System.arraycopy(row, 0, all, at, row.length);
            at += row.length;
            even &= row.length == dim;
        }
        return even ? Tensor.of(all, rows.size(), dim) : Tensor.of(all);
    }

    /** In double precision, from all keys at once. */
    private static Tensor exact(Query query) {
        float[][] means = new float[query.blocks().size()][];
        for (int b = 0; b < means.length; b++) {
            means[b] = exact(query.dim(), query.blocks().subList(0, b + 1));
        }
        return Tensor.of(means);
    }

    private static float[] exact(int dim, List<Block> blocks) {
        double max = Double.NEGATIVE_INFINITY;
        for (Block block : blocks) {
            for (float score : block.scores()) {
                max = Math.max(max, score);
            }
        }
        double sum = 0;
        double[] weighted = new double[dim];
        for (Block block : blocks) {
            for (int j = 0; j < block.scores().length && max > Double.NEGATIVE_INFINITY; j++) {
                double weight = Math.exp(block.scores()[j] - max);
                sum += weight;
                for (int c = 0; c < dim; c++) {
                    weighted[c] += weight * block.values()[j * dim + c];
                }
            }
        }
        float[] mean = new float[dim];
        for (int c = 0; c < dim; c++) {
            mean[c] = sum == 0 ? 0 : (float) (weighted[c] / sum);
        }
        return mean;
    }

    /** Whether the answer takes more than a part of what passes by; the check itself copies each block once. */
    private static Map<String, String> memory(OnlineMeanFn answer, long seed) {
        Block block = normal(seed, DIM, KEYS).blocks().getFirst();
        answer.begin(DIM);
        long passed = 4L * MANY * (block.scores().length + block.values().length);
        long taken = Allocated.bytes(() -> {
            for (int i = 0; i < MANY; i++) {
                answer.add(block.scores(), block.values());
            }
        });
        return Map.of("memory", taken < passed + passed / 2 ? "a few numbers" : "that of all keys");
    }

    private static Query normal(long seed, int dim, int... sizes) {
        Draw draw = new Draw(seed);
        List<Block> blocks = new ArrayList<>();
        for (int size : sizes) {
            blocks.add(new Block(
                    draw.scaled(2, size).toFloats(), draw.normal(size, dim).toFloats()));
        }
        return new Query(dim, blocks);
    }

    /** Blocks of four keys whose scores lie about these numbers. */
    private static Query shifted(long seed, int... about) {
        int[] sizes = new int[about.length];
        Arrays.fill(sizes, 4);
        Query query = normal(seed, 3, sizes);
        for (int b = 0; b < about.length; b++) {
            float[] scores = query.blocks().get(b).scores();
            for (int j = 0; j < scores.length; j++) {
                scores[j] += about[b];
            }
        }
        return query;
    }

    /** Blocks of three keys, of which this one is masked; −1 for all three. */
    private static Query masked(long seed, int dim, int... which) {
        int[] sizes = new int[which.length];
        Arrays.fill(sizes, 3);
        Query query = normal(seed, dim, sizes);
        for (int b = 0; b < which.length; b++) {
            float[] scores = query.blocks().get(b).scores();
            int from = Math.max(which[b], 0);
            Arrays.fill(scores, from, which[b] < 0 ? 3 : from + 1, Float.NEGATIVE_INFINITY);
        }
        return query;
    }
}
