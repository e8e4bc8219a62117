package tinyllm.lab.exercises.paged;

import java.util.Arrays;
import tinyllm.lab.check.Draw;
import tinyllm.tensor.Tensor;

/**
 * Rows of a step, each of a sequence of its own, and their keys and values in pages, for the kernels of chapter 3.2. Pages stand in an
 * order of no pattern; rows of memory that hold no token are full of fifties, which nobody overlooks.
 *
 * @param q {@code [R, H_q, 64]}
 * @param k {@code [P, H_kv, T, 64]}
 * @param v {@code [P, H_kv, T, 64]}
 * @param tables {@code [R][W]}, each filled up with zeros
 * @param lengths keys of each row; 0 for a row that is idle
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
public record PagedInputs(Tensor q, Tensor k, Tensor v, int[][] tables, int[] lengths) {

    /** Components of a head in this chapter. */
    public static final int HEAD = 64;

    /** Scores are products of queries and keys times this. */
    public static final double SCALE = 1 / Math.sqrt(HEAD);

    private static final int STRIDE = 7;
    private static final float NOBODYS = 50;

    /** @param size standard deviation of the queries: 60 makes scores of hundreds */
    public static PagedInputs draw(long seed, int heads, int kvHeads, int pageTokens, double size, int... lengths) {
        Draw draw = new Draw(seed);
        int width = 1
                + Arrays.stream(lengths)
                        .map(length -> Math.ceilDiv(length, pageTokens))
                        .max()
                        .orElse(0);
        int needed = Arrays.stream(lengths)
                .map(length -> Math.ceilDiv(length, pageTokens))
                .sum();
        int pages = needed + 3;
        while (pages % STRIDE == 0) {
            pages++; // so that steps of seven come to every page
        }
        int[][] tables = new int[lengths.length][width];
        int next = draw.between(1, pages - 1);
        for (int p = 0; p < width; p++) { // in turns, as texts grow side by side
            for (int row = 0; row < lengths.length; row++) {
                if (p * pageTokens < lengths[row]) {
                    tables[row][p] = next % pages;
                    next += STRIDE;
                }
            }
        }
        Tensor q = draw.scaled(size, lengths.length, heads, HEAD);
        Tensor k = draw.normal(pages, kvHeads, pageTokens, HEAD);
        Tensor v = draw.normal(pages, kvHeads, pageTokens, HEAD);
        return new PagedInputs(q, blanked(k, tables, lengths), blanked(v, tables, lengths), tables, lengths);
    }

    /** Fifties in every row that holds no token. */
    private static Tensor blanked(Tensor drawn, int[][] tables, int[] lengths) {
        int kvHeads = drawn.dim(1);
        int pageTokens = drawn.dim(2);
        float[] from = drawn.toFloats();
        float[] to = new float[from.length];
        Arrays.fill(to, NOBODYS);
        for (int row = 0; row < lengths.length; row++) {
            for (int token = 0; token < lengths[row]; token++) {
                for (int head = 0; head < kvHeads; head++) {
                    int at = place(tables[row], token, head, kvHeads, pageTokens);
                    System.arraycopy(from, at, to, at, HEAD);
                }
            }
        }
        return Tensor.of(to, drawn.shape());
    }

    /** Where a token's numbers begin. */
    private static int place(int[] table, int token, int head, int kvHeads, int pageTokens) {
        return ((table[token / pageTokens] * kvHeads + head) * pageTokens + token % pageTokens) * HEAD;
    }

    public int rows() {
        return lengths.length;
    }

    public int heads() {
        return q.dim(1);
    }

    public int kvHeads() {
        return k.dim(1);
    }

    public int pageTokens() {
        return k.dim(2);
    }

    /** The pages of a row, without what its table is filled up with. */
    public int[] pages(int row) {
        return Arrays.copyOf(tables[row], Math.ceilDiv(lengths[row], pageTokens()));
    }

    /** {@code [R, W]} */
    public Tensor table() {
        return Tensor.of(Arrays.stream(tables).flatMapToInt(Arrays::stream).toArray(), rows(), tables[0].length);
    }

    /** A row's table alone, {@code [W]}. */
    public Tensor table(int row) {
        return Tensor.of(tables[row].clone(), tables[row].length);
    }

    /** {@code [R]} */
    public Tensor counts() {
        return Tensor.of(lengths.clone(), rows());
    }

    /** A row's keys or values in one piece, {@code [H_kv, S, 64]}, copied one by one. */
    public Tensor inOnePiece(Tensor pages, int row) {
        float[] from = pages.toFloats();
        float[] to = new float[kvHeads() * lengths[row] * HEAD];
        for (int head = 0; head < kvHeads(); head++) {
            for (int token = 0; token < lengths[row]; token++) {
                int at = place(tables[row], token, head, kvHeads(), pageTokens());
                System.arraycopy(from, at, to, (head * lengths[row] + token) * HEAD, HEAD);
            }
        }
        return Tensor.of(to, kvHeads(), lengths[row], HEAD);
    }

    /** {@code [R, H_q, 64]} in double precision; zeros where a row has no key. */
    public Tensor attention() {
        float[] out = new float[rows() * heads() * HEAD];
        float[] queries = q.toFloats();
        float[] keys = k.toFloats();
        float[] values = v.toFloats();
        for (int i = 0; i < rows() * heads(); i++) {
            int row = i / heads();
            int head = i % heads() / (heads() / kvHeads());
            double[] one = one(queries, i * HEAD, keys, values, row, head);
            for (int d = 0; d < HEAD; d++) {
                out[i * HEAD + d] = (float) one[d];
            }
        }
        return Tensor.of(out, q.shape());
    }

    private double[] one(float[] queries, int at, float[] keys, float[] values, int row, int head) {
        int count = lengths[row];
        double[] scores = new double[count];
        double largest = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < count; t++) {
            int from = place(tables[row], t, head, kvHeads(), pageTokens());
            for (int d = 0; d < HEAD; d++) {
                scores[t] += (double) queries[at + d] * keys[from + d];
            }
            scores[t] *= SCALE;
            largest = Math.max(largest, scores[t]);
        }
        double[] sums = new double[HEAD];
        double total = 0;
        for (int t = 0; t < count; t++) {
            double weight = Math.exp(scores[t] - largest);
            int from = place(tables[row], t, head, kvHeads(), pageTokens());
            total += weight;
            for (int d = 0; d < HEAD; d++) {
                sums[d] += weight * values[from + d];
            }
        }
        double divisor = total;
        return count == 0 ? sums : Arrays.stream(sums).map(sum -> sum / divisor).toArray();
    }
}
