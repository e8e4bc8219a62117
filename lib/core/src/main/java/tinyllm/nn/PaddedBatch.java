package tinyllm.nn;

import java.util.Arrays;
import java.util.List;
import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** A batch that is filled up on the left. */
public final class PaddedBatch implements PaddedBatchFn {

    @Override
    public int[][] tokens(List<int[]> texts, int filler) {
        ReferenceUse.note("2.6 padded batch");
        int t = texts.stream().mapToInt(text -> text.length).max().orElse(0);
        int[][] rows = new int[texts.size()][t];
        for (int b = 0; b < rows.length; b++) {
            int[] text = texts.get(b);
            Arrays.fill(rows[b], filler);
            System.arraycopy(text, 0, rows[b], t - text.length, text.length);
        }
        return rows;
    }

    @Override
    public int[][] positions(int[] lengths, int t) {
        ReferenceUse.note("2.6 padded batch");
        int[][] rows = new int[lengths.length][t];
        for (int b = 0; b < rows.length; b++) {
            for (int i = t - lengths[b]; i < t; i++) {
                rows[b][i] = i - (t - lengths[b]);
            }
        }
        return rows;
    }

    @Override
    public Tensor mask(int[] lengths, int t) {
        ReferenceUse.note("2.6 padded batch");
        Tensor query = Tensor.arange(t).reshape(1, 1, t, 1);
        Tensor key = Tensor.arange(t).reshape(1, 1, 1, t);
        Tensor first = Tensor.of(lengths, lengths.length, 1, 1, 1).neg().add(t); // [B, 1, 1, 1], the first real column
        Tensor own = key.le(query).and(key.ge(first)); // [B, 1, T, T]
        return Masks.additive(own.or(key.eq(query)), DType.F32);
    }
}
