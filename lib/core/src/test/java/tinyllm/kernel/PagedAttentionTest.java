package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.kernel.PagedAttention.Sequence;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The Metal kernels over pages on the host: equal to the oracle over the same keys in one piece, and every detector silent. */
class PagedAttentionTest {
    private static final int KV = 2;

    /** Pages n − 1 … 0 dealt out to the sequences in turn, so that no sequence has neighbours side by side. */
    static List<Sequence> dealt(int pageTokens, int[]... positionsAndRows) {
        int pages = 0;
        for (int[] one : positionsAndRows) {
            pages += Math.ceilDiv(one[0] + one[1], pageTokens);
        }
        List<List<Integer>> tables = new ArrayList<>();
        Arrays.stream(positionsAndRows).forEach(p -> tables.add(new ArrayList<>()));
        for (int s = 0; pages > 0; s = (s + 1) % tables.size()) {
            int[] one = positionsAndRows[s];
            if (tables.get(s).size() < Math.ceilDiv(one[0] + one[1], pageTokens)) {
                tables.get(s).add(--pages);
            }
        }
        List<Sequence> sequences = new ArrayList<>();
        for (int s = 0; s < tables.size(); s++) {
            int[] table = tables.get(s).stream().mapToInt(i -> i).toArray();
            sequences.add(new Sequence(table, positionsAndRows[s][0], positionsAndRows[s][1]));
        }
        return sequences;
    }

    static int rows(List<Sequence> sequences) {
        return sequences.stream().mapToInt(Sequence::rows).sum();
    }

    private static int pages(List<Sequence> sequences) {
        return sequences.stream().mapToInt(s -> s.pages().length).sum();
    }

    /** A sequence's keys, or values, in one piece: {@code [1, H_kv, tokens, D]}. */
    static Tensor gathered(Tensor pages, Sequence sequence) {
        Tensor whole = pages.take(sequence.pages(), 0); // [n, H_kv, T, D]
        int tokens = sequence.pages().length * pages.dim(2);
        return whole.transpose(1, 0, 2, 3)
                .reshape(1, pages.dim(1), tokens, pages.dim(3))
                .slice(2, 0, sequence.position() + sequence.rows());
    }

    private static double[] truth(Tensor q, Tensor k, Tensor v, List<Sequence> sequences, double scale) {
        return truth(q, sequences, s -> gathered(k, s), s -> gathered(v, s), scale);
    }

    /** @param keys of a sequence in one piece, {@code [1, H_kv, tokens, D]}, as values */
    static double[] truth(
            Tensor q,
            List<Sequence> sequences,
            Function<Sequence, Tensor> keys,
            Function<Sequence, Tensor> values,
            double scale) {
        double[] all = new double[(int) q.size()];
        int row = 0;
        for (Sequence s : sequences) {
            if (s.rows() > 0) {
                Tensor mine = q.slice(0, row, row + s.rows()); // [L, H_q, D]
                Tensor heads = mine.transpose(1, 0, 2).reshape(1, q.dim(1), s.rows(), q.dim(2));
                double[] out = Oracle.attention(heads, keys.apply(s), values.apply(s), scale, true);
                for (int h = 0; h < q.dim(1); h++) {
                    for (int i = 0; i < s.rows(); i++) {
                        int to = ((row + i) * q.dim(1) + h) * q.dim(2);
                        System.arraycopy(out, (h * s.rows() + i) * q.dim(2), all, to, q.dim(2));
                    }
                }
                row += s.rows();
            }
        }
        return all;
    }

    static void equal(Tensor actual, double[] truth, double tolerance) {
        double[] values = actual.toDoubles();
        assertThat(values).hasSameSizeAs(truth);
        for (int i = 0; i < truth.length; i++) {
            assertThat(Math.abs(values[i] - truth[i])).as("element %d", i).isLessThanOrEqualTo(tolerance);
        }
    }

    @ParameterizedTest
    @CsvSource({"16,64,F32", "32,80,F32", "64,128,F32", "128,64,F16", "16,256,BF16"})
    void decodeRowsOfManySequences(int pageTokens, int dim, DType dtype) {
        List<Sequence> sequences = dealt(
                pageTokens,
                new int[] {0, 1},
                new int[] {pageTokens, 1},
                new int[] {3 * pageTokens - 1, 1},
                new int[] {7, 0},
                new int[] {40, 3});
        Tensor q = Oracle.normal(1, dtype, rows(sequences), 3 * KV, dim);
        Tensor k = Oracle.normal(2, dtype, pages(sequences), KV, pageTokens, dim);
        Tensor v = Oracle.normal(3, dtype, pages(sequences), KV, pageTokens, dim);
        float scale = (float) (1 / Math.sqrt(dim));
        Tensor out = MetalTables.silent(PagedAttention.decode(q, k, v, sequences, scale));
        equal(out, truth(q, k, v, sequences, scale), tolerance(dtype));
    }

    @ParameterizedTest
    @CsvSource({"16,64,F32", "32,80,F32", "64,128,F16", "128,64,F32", "16,256,F32"})
    @Tag("slow")
    void chunksOfManySequences(int pageTokens, int dim, DType dtype) {
        List<Sequence> sequences = dealt(
                pageTokens, new int[] {0, 9}, new int[] {pageTokens + 3, 1}, new int[] {5, 0}, new int[] {20, 65});
        Tensor q = Oracle.normal(4, dtype, rows(sequences), KV, dim);
        Tensor k = Oracle.normal(5, dtype, pages(sequences), KV, pageTokens, dim);
        Tensor v = Oracle.normal(6, dtype, pages(sequences), KV, pageTokens, dim);
        float scale = (float) (1 / Math.sqrt(dim));
        Tensor out = MetalTables.silent(PagedAttention.prefill(q, k, v, sequences, scale));
        equal(out, truth(q, k, v, sequences, scale), tolerance(dtype));
    }

    static double tolerance(DType dtype) {
        return dtype == DType.F32 ? 2e-5 : dtype == DType.F16 ? 4e-3 : 3e-2;
    }

    /** What stands in other pages, and behind a sequence's last token, is never read: it is NaN here. */
    @Test
    void nothingElseIsRead() {
        List<Sequence> sequences = List.of(new Sequence(new int[] {3, 1}, 16, 1), new Sequence(new int[] {2}, 0, 1));
        float[] numbers = new float[5 * KV * 16 * 64];
        Arrays.fill(numbers, Float.NaN);
        for (int head = 0; head < KV; head++) {
            for (int i = 0; i < 64; i++) {
                for (int token = 0; token < 16; token++) {
                    numbers[((3 * KV + head) * 16 + token) * 64 + i] = token + 1;
                }
                numbers[((KV + head) * 16) * 64 + i] = 5;
                numbers[((2 * KV + head) * 16) * 64 + i] = 7;
            }
        }
        Tensor pages = Tensor.of(numbers, 5, KV, 16, 64);
        Tensor q = Tensor.zeros(DType.F32, 3, KV, 64);
        float[] out = MetalTables.silent(PagedAttention.decode(q, pages, pages, sequences, 1))
                .toFloats();
        assertThat(out[0]).isCloseTo((136f + 5) / 17, org.assertj.core.api.Assertions.within(1e-4f));
        assertThat(out[KV * 64]).isEqualTo(7f);
        assertThat(Arrays.copyOfRange(out, 2 * KV * 64, out.length))
                .as("an idle row")
                .containsOnly(0f);
        Tensor chunks = MetalTables.silent(PagedAttention.prefill(q.slice(0, 0, 2), pages, pages, sequences, 1));
        assertThat(chunks.toFloats()[KV * 64]).isEqualTo(7f);
    }

    /** Fault T10: a broken row stays alone, in its chunk and beside other sequences. */
    @Test
    void aNanStaysInItsRow() {
        List<Sequence> sequences = dealt(16, new int[] {0, 9}, new int[] {20, 3});
        Tensor q = Oracle.normal(7, DType.F32, 12, KV, 64);
        Tensor k = Oracle.normal(8, DType.F32, pages(sequences), KV, 16, 64);
        double[] truth = truth(q, k, k, sequences, 0.125);
        float[] broken = q.toFloats();
        broken[2 * KV * 64] = Float.NaN; // row 2, head 0
        Tensor rows = Tensor.of(broken, 12, KV, 64);
        for (KernelCall call : List.of(
                PagedAttention.decode(rows, k, k, sequences, 0.125f),
                PagedAttention.prefill(rows, k, k, sequences, 0.125f))) {
            double[] out = MetalTables.silent(call).toDoubles();
            for (int i = 0; i < out.length; i++) {
                if (i / 64 == 2 * KV) {
                    assertThat(out[i]).isNaN();
                } else {
                    assertThat(Math.abs(out[i] - truth[i])).as("element %d", i).isLessThanOrEqualTo(2e-5);
                }
            }
        }
    }

    @Test
    void invalidTablesAreRefused() {
        Tensor q = Tensor.zeros(DType.F32, 1, KV, 64);
        Tensor pages = Tensor.zeros(DType.F32, 2, KV, 16, 64);
        assertThatThrownBy(() ->
                        PagedAttention.decode(q, pages, pages, List.of(new Sequence(new int[] {0, 2}, 20, 1)), 1))
                .hasMessage("attention_decode_paged: block table 0: page 2 is not in 0…1");
        assertThatThrownBy(() ->
                        PagedAttention.prefill(q, pages, pages, List.of(new Sequence(new int[] {1}, 16, 1)), 1))
                .hasMessage("attention_prefill_paged: block table 0: its 1 pages of 16 tokens have no room for 17");
        assertThatThrownBy(() -> PagedAttention.decode(q, pages, pages, List.of(new Sequence(new int[] {1}, 0, 2)), 1))
                .hasMessage("attention_decode_paged: 2 rows of sequences are more than q's 1");
        assertThatThrownBy(() -> PagedAttention.prefill(q, pages, pages, List.of(), 1))
                .hasMessage("attention_prefill_paged: 0 rows of sequences have to be all of q's 1");
    }
}
