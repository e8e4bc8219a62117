package tinyllm.kernel;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.mlx.ArrayVector;
import org.bytedeco.mlx.array;
import tinyllm.natives.kernels;
import tinyllm.tensor.Device;
import tinyllm.tensor.DeviceThread;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/**
 * The most likely tokens of each row of logits, and what turns logits into probabilities: all that choosing a token needs of a
 * vocabulary, in one pass. A row's result depends on that row alone, bit for bit.
 *
 * @param ids {@code [R, K of the row]}, by falling logit, then rising id; −1 in a row that holds a NaN
 * @param logits {@code [R, K of the row]} of these; NaN in such a row
 * @param logSums {@code [R]}: ln Σ exp(logit) over the vocabulary; NaN where it was not wanted
 * @param scaledLogSums {@code [R]}: ln Σ exp(scale · logit); NaN where it was not wanted
 */
public record TopCandidates(int[][] ids, float[][] logits, float[] logSums, float[] scaledLogSums) {

    /**
     * What a row wants to know. A sum over the vocabulary costs as much as finding candidates.
     *
     * @param count K, candidates of the row, at most the vocabulary
     * @param logSum whether ln Σ exp(logit) is wanted: it turns a logit into a log-probability
     * @param scale 1 / temperature, for ln Σ exp(scale · logit); 0 when that is not wanted
     */
    public record Wish(int count, boolean logSum, float scale) {
        public Wish {
            if (!(scale >= 0) || Float.isInfinite(scale)) {
                throw new IllegalArgumentException(
                        "topCandidates: a scale has to be above 0, or 0 for no sum, and one is " + scale);
            }
        }
    }

    /**
     * @param logits {@code [R, V]}
     * @param vocabulary how many of the V columns take part, 1 … V: the rest is padding
     * @param wishes {@code [R]}
     */
    public static TopCandidates of(Tensor logits, int vocabulary, List<Wish> wishes) {
        if (logits.rank() != 2 || vocabulary < 1 || vocabulary > logits.dim(1)) {
            throw new IllegalArgumentException("topCandidates: logits have to be [R, V] with at least the " + vocabulary
                    + " columns of a vocabulary, and have shape " + Arrays.toString(logits.shape()));
        }
        int[] counts = counts(wishes, logits.dim(0), vocabulary);
        try (Scope scope = Scope.open()) {
            return Device.current() == Device.CPU
                    ? own(
                            (call, in) -> kernels.top_candidates(in[0], in[1], in[2], vocabulary, call.stream()),
                            counts,
                            logits,
                            Tensor.of(counts, counts.length),
                            scales(wishes))
                    : mlx(logits.slice(1, 0, vocabulary), counts, scales(wishes));
        }
    }

    /**
     * Of some rows, over the tokens that may come: the others count as {@code -inf}, and so do those that come after them in the list.
     *
     * @param rows {@code [K]}, which of the logits' R
     * @param masks {@code [K, ⌈vocabulary / 32⌉]}, a bit for each token that may come, the lowest first
     * @param wishes {@code [K]}
     */
    public static TopCandidates of(Tensor logits, int vocabulary, List<Wish> wishes, int[] rows, int[][] masks) {
        int words = (vocabulary + 31) / 32;
        if (rows.length != masks.length || Arrays.stream(masks).anyMatch(mask -> mask.length != words)) {
            throw new IllegalArgumentException("topCandidates: each of " + rows.length + " rows has a mask of " + words
                    + " numbers of 32 bits, and the masks are " + masks.length + " of "
                    + Arrays.stream(masks).map(mask -> mask.length).distinct().toList());
        }
        int[] counts = counts(wishes, rows.length, vocabulary);
        if (Device.current() != Device.CPU) {
            try (Scope scope = Scope.open()) {
                Tensor all = logits.take(rows, 0).slice(1, 0, vocabulary).add(outside(masks, vocabulary));
                return mlx(all, counts, scales(wishes));
            }
        }
        int[] flat = new int[rows.length * words];
        for (int k = 0; k < rows.length; k++) {
            System.arraycopy(masks[k], 0, flat, k * words, words);
        }
        try (Scope scope = Scope.open()) {
            return own(
                    (call, in) -> kernels.top_allowed(in[0], in[1], in[2], in[3], in[4], vocabulary, call.stream()),
                    counts,
                    logits,
                    Tensor.of(rows, rows.length),
                    Tensor.of(flat, rows.length, words),
                    Tensor.of(counts, counts.length),
                    scales(wishes));
        }
    }

    /** {@code [K, vocabulary]}: {@code -inf} where a mask has no bit. */
    private static Tensor outside(int[][] masks, int vocabulary) {
        float[] edit = new float[masks.length * vocabulary];
        for (int k = 0; k < masks.length; k++) {
            for (int id = 0; id < vocabulary; id++) {
                boolean may = (masks[k][id >> 5] >>> id & 1) != 0;
                edit[k * vocabulary + id] = may ? 0 : Float.NEGATIVE_INFINITY;
            }
        }
        return Tensor.of(edit, masks.length, vocabulary);
    }

    private static int[] counts(List<Wish> wishes, int rows, int vocabulary) {
        if (wishes.size() != rows) {
            throw new IllegalArgumentException(
                    "topCandidates: there are " + rows + " rows, and wishes of " + wishes.size());
        }
        int[] counts = wishes.stream().mapToInt(Wish::count).toArray();
        for (int count : counts) {
            if (count < 1 || count > vocabulary) {
                throw new IllegalArgumentException(
                        "topCandidates: a count has to be in 1…" + vocabulary + ", and one is " + count);
            }
        }
        return counts;
    }

    /** {@code [R, 2]}; 0 where none is wanted. */
    private static Tensor scales(List<Wish> wishes) {
        float[] scales = new float[2 * wishes.size()];
        for (int r = 0; r < wishes.size(); r++) {
            scales[2 * r] = wishes.get(r).logSum ? 1 : 0;
            scales[2 * r + 1] = wishes.get(r).scale;
        }
        return Tensor.of(scales, wishes.size(), 2);
    }

    /** A kernel's call, which gives ids, values and sums. */
    @FunctionalInterface
    private interface Kernel {
        ArrayVector call(DeviceThread.Call call, array[] in);
    }

    private static TopCandidates own(Kernel kernel, int[] counts, Tensor... inputs) {
        array[] parts = new array[3];
        Tensor ids = DeviceThread.apply(
                "topCandidates",
                (call, in) -> {
                    ArrayVector all = call.temp(kernel.call(call, in));
                    parts[1] = all.get(1);
                    parts[2] = all.get(2);
                    return all.get(0);
                },
                inputs);
        Tensor values = DeviceThread.apply("topCandidates", (call, in) -> parts[1]);
        Tensor sums = DeviceThread.apply("topCandidates", (call, in) -> parts[2]);
        return of(counts, ids, values, sums);
    }

    /** A sort: on a GPU it is quick. */
    private static TopCandidates mlx(Tensor logits, int[] counts, Tensor scales) {
        int most = Arrays.stream(counts).max().orElseThrow();
        Tensor ids = logits.neg().argsort(-1).slice(1, 0, most);
        Tensor scaled = logits.expandDims(1).mul(scales.expandDims(-1)); // [R, 2, V]
        Tensor none = Tensor.scalar(Double.NaN);
        Tensor sums = Tensor.where(scales.eq(Tensor.scalar(0)), none, scaled.logSumExp(-1));
        return of(counts, ids, logits.takeAlongAxis(ids, -1), sums);
    }

    /**
     * @param ids {@code [R, largest count]}, the values likewise
     * @param sums {@code [R, 2]}
     */
    private static TopCandidates of(int[] counts, Tensor ids, Tensor values, Tensor sums) {
        Tensor.eval(ids, values, sums);
        int[] allIds = ids.toInts();
        float[] allValues = values.toFloats();
        int width = ids.dim(1);
        int[][] rowIds = new int[counts.length][];
        float[][] rowValues = new float[counts.length][];
        for (int r = 0; r < counts.length; r++) {
            int from = r * width;
            rowIds[r] = Arrays.copyOfRange(allIds, from, from + counts[r]);
            rowValues[r] = Arrays.copyOfRange(allValues, from, from + counts[r]);
        }
        return new TopCandidates(
                rowIds,
                rowValues,
                sums.slice(1, 0, 1).toFloats(),
                sums.slice(1, 1, 2).toFloats());
    }
}
