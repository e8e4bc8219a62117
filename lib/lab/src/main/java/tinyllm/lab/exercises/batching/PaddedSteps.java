package tinyllm.lab.exercises.batching;

import java.util.Arrays;
import java.util.List;
import tinyllm.nn.PaddedBatchFn;
import tinyllm.tensor.Tensor;

/** A padded batch number by number, each decision a method of its own: a wrong answer takes one of them differently. */
class PaddedSteps implements PaddedBatchFn {

    int width(List<int[]> texts) {
        return texts.stream().mapToInt(text -> text.length).max().orElseThrow();
    }

    int filler(int given) {
        return given;
    }

    /** The column in which a text begins. */
    int begin(int length, int t) {
        return t - length;
    }

    int position(int column, int first) {
        return column - first;
    }

    int[] ofMask(int[] lengths) {
        return lengths;
    }

    boolean sees(int query, int key, int first, int t) {
        return key <= query && key >= first || key == query;
    }

    float number(boolean visible) {
        return visible ? 0 : Float.NEGATIVE_INFINITY;
    }

    @Override
    public final int[][] tokens(List<int[]> texts, int given) {
        int t = width(texts);
        int[][] rows = new int[texts.size()][t];
        for (int b = 0; b < rows.length; b++) {
            int length = Math.min(t, texts.get(b).length);
            Arrays.fill(rows[b], filler(given));
            System.arraycopy(texts.get(b), 0, rows[b], begin(length, t), length);
        }
        return rows;
    }

    @Override
    public final int[][] positions(int[] lengths, int t) {
        int[][] rows = new int[lengths.length][t];
        for (int b = 0; b < rows.length; b++) {
            for (int i = t - lengths[b]; i < t; i++) {
                rows[b][i] = position(i, t - lengths[b]);
            }
        }
        return rows;
    }

    @Override
    public final Tensor mask(int[] all, int t) {
        int[] lengths = ofMask(all);
        float[] values = new float[lengths.length * t * t];
        for (int n = 0; n < values.length; n++) {
            int first = t - lengths[n / (t * t)];
            values[n] = number(sees(n / t % t, n % t, first, t));
        }
        return Tensor.of(values, lengths.length, 1, t, t);
    }
}
