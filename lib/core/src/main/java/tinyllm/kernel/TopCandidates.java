package tinyllm.kernel;

import java.util.Arrays;
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
 * @param ids {@code [R, K]}, by falling logit, then rising id; −1 in a row that holds a NaN
 * @param logits {@code [R, K]} of these; NaN in such a row
 * @param logSums {@code [R]}: ln Σ exp(logit) over the vocabulary
 * @param scaledLogSums {@code [R]}: ln Σ exp(scale · logit)
 */
public record TopCandidates(int[][] ids, float[][] logits, float[] logSums, float[] scaledLogSums) {

    /**
     * @param logits {@code [R, V]}
     * @param vocabulary how many of the V columns take part, 1 … V: the rest is padding
     * @param count K, candidates of a row, at most the vocabulary
     * @param scales {@code [R]}: 1 / temperature of each row, above 0
     */
    public static TopCandidates of(Tensor logits, int vocabulary, int count, float[] scales) {
        if (logits.rank() != 2 || vocabulary < 1 || vocabulary > logits.dim(1)) {
            throw new IllegalArgumentException("topCandidates: logits have to be [R, V] with at least the " + vocabulary
                    + " columns of a vocabulary, and have shape " + Arrays.toString(logits.shape()));
        }
        if (count < 1 || count > vocabulary) {
            throw new IllegalArgumentException(
                    "topCandidates: count has to be in 1…" + vocabulary + ", and is " + count);
        }
        int rows = logits.dim(0);
        if (scales.length != rows) {
            throw new IllegalArgumentException(
                    "topCandidates: there are " + rows + " rows, and " + scales.length + " scales");
        }
        for (float scale : scales) {
            if (!(scale > 0) || Float.isInfinite(scale)) {
                throw new IllegalArgumentException("topCandidates: a scale has to be above 0, and one is " + scale);
            }
        }
        try (Scope scope = Scope.open()) {
            return Device.current() == Device.CPU
                    ? own(logits, vocabulary, count, scales)
                    : mlx(logits.slice(1, 0, vocabulary), count, scales);
        }
    }

    private static TopCandidates own(Tensor logits, int vocabulary, int count, float[] scales) {
        array[] parts = new array[3];
        Tensor ids = DeviceThread.apply(
                "topCandidates",
                (call, in) -> {
                    ArrayVector all = call.temp(kernels.top_candidates(in[0], in[1], vocabulary, count, call.stream()));
                    parts[1] = all.get(1);
                    parts[2] = all.get(2);
                    return all.get(0);
                },
                logits,
                Tensor.of(scales, scales.length));
        Tensor values = DeviceThread.apply("topCandidates", (call, in) -> parts[1]);
        Tensor sums = DeviceThread.apply("topCandidates", (call, in) -> parts[2]);
        return of(ids, values, sums.slice(1, 0, 1), sums.slice(1, 1, 2));
    }

    /** A sort: on a GPU it is quick. */
    private static TopCandidates mlx(Tensor logits, int count, float[] scales) {
        Tensor ids = logits.neg().argsort(-1).slice(1, 0, count);
        Tensor scaled = logits.mul(Tensor.of(scales, scales.length, 1));
        return of(ids, logits.takeAlongAxis(ids, -1), logits.logSumExp(-1), scaled.logSumExp(-1));
    }

    private static TopCandidates of(Tensor ids, Tensor values, Tensor logSums, Tensor scaledLogSums) {
        Tensor.eval(ids, values, logSums, scaledLogSums);
        int[] all = ids.toInts();
        int count = ids.dim(1);
        int[][] rows = new int[ids.dim(0)][];
        Arrays.setAll(rows, r -> Arrays.copyOfRange(all, r * count, (r + 1) * count));
        return new TopCandidates(rows, values.toMatrix(), logSums.toFloats(), scaledLogSums.toFloats());
    }
}
