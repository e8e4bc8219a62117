package tinyllm.nn;

import java.util.List;
import tinyllm.tensor.Tensor;

/**
 * Texts of different lengths in one batch (chapter 2.6). Shorter ones are filled up in front, so that the newest token of every text
 * stands in the last column, T being the length of the longest.
 */
public interface PaddedBatchFn {

    /**
     * @param texts B texts of one token or more
     * @param filler the id that stands where a text has no token
     * @return {@code [B][T]} ids
     */
    int[][] tokens(List<int[]> texts, int filler);

    /**
     * Where in its own text each token stands, counted from 0; the filler's place does not matter and is 0.
     *
     * @param lengths of the B texts, each in 1…T
     * @return {@code [B][T]} positions
     */
    int[][] positions(int[] lengths, int t);

    /**
     * Who may look at whom, in every row by itself: a token sees its own text up to itself. Filler sees itself alone, since a row that
     * sees nothing would become NaN.
     *
     * @param lengths of the B texts, each in 1…T
     * @return {@code [B, 1, T, T]} in float32: 0 where a query may look, -inf elsewhere
     */
    Tensor mask(int[] lengths, int t);
}
