package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.kernel.PagedAttention.Sequence;
import tinyllm.kernel.host.MetalFolder;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/**
 * The Metal kernels over pages of codes on the host: equal to the oracle over the numbers that the codes stand for, turned and with their
 * bias, and every detector silent. Other pages, the other layer, and what lies behind a sequence's last token are NaN.
 */
class CodedPagesTest {
    private static final int KV = 2;

    private static PageForm form(int dim, int pageTokens, KvKind keys, KvKind values, boolean before) {
        return new PageForm(2, KV, dim, pageTokens, keys, values, before);
    }

    @ParameterizedTest
    @CsvSource({
        "16,  64,  INT8, INT8, true,  false, true,  F32",
        "32,  128, INT4, INT4, true,  true,  true,  F32",
        "64,  64,  INT8, INT4, true,  true,  false, F32",
        "128, 128, INT4, INT8, true,  false, false, F32",
        "128, 64,  INT4, INT4, true,  false, true,  F16",
        "64,  128, INT8, INT8, false, false, false, BF16",
        "16,  80,  INT4, INT8, true,  false, true,  F32",
        "32,  96,  INT8, INT4, true,  true,  true,  F32",
        "16,  256, INT8, F16,  true,  false, true,  F32",
        "32,  64,  BF16, INT4, false, false, false, F32",
        "16,  64,  F32,  INT8, true,  true,  true,  F32",
        "16,  64,  F16,  F32,  false, false, false, F32",
    })
    void decodeRowsOfManySequences(
            int pageTokens,
            int dim,
            KvKind keys,
            KvKind values,
            boolean before,
            boolean neighbours,
            boolean biased,
            DType dtype) {
        List<Sequence> sequences = PagedAttentionTest.dealt(
                pageTokens,
                new int[] {0, 1},
                new int[] {pageTokens, 1},
                new int[] {3 * pageTokens - 1, 1},
                new int[] {7, 0},
                new int[] {40, 3});
        PageFixture pages = PageFixture.of(form(dim, pageTokens, keys, values, before), sequences, neighbours, biased);
        Tensor q = Oracle.normal(1, dtype, PagedAttentionTest.rows(sequences) + 2, 3 * KV, dim); // two rows are idle
        Tensor out = MetalTables.silent(PagedAttention.decode(q, pages.pages(biased), 1, sequences, scale(dim)));
        equal(out, truth(q, pages, sequences), tolerance(dtype));
    }

    @ParameterizedTest
    @CsvSource({
        "16,  64,  INT8, INT8, true,  false, true,  F32",
        "32,  128, INT4, INT4, true,  true,  true,  F32",
        "64,  64,  INT8, INT4, true,  true,  false, F32",
        "128, 128, INT4, INT8, true,  false, false, F32",
        "128, 64,  INT8, INT8, false, false, false, F16",
        "16,  80,  INT4, INT8, true,  false, true,  F32",
        "16,  256, INT8, INT4, true,  true,  true,  F32",
        "16,  64,  INT8, BF16, true,  false, true,  F32",
        "32,  64,  F16,  INT4, false, false, false, F32",
    })
    @Tag("slow")
    void chunksOfManySequences(
            int pageTokens,
            int dim,
            KvKind keys,
            KvKind values,
            boolean before,
            boolean neighbours,
            boolean biased,
            DType dtype) {
        List<Sequence> sequences = PagedAttentionTest.dealt(
                pageTokens, new int[] {0, 9}, new int[] {pageTokens, 1}, new int[] {5, 0}, new int[] {20, 65});
        PageFixture pages = PageFixture.of(form(dim, pageTokens, keys, values, before), sequences, neighbours, biased);
        Tensor q = Oracle.normal(4, dtype, PagedAttentionTest.rows(sequences), 2 * KV, dim);
        Tensor out = MetalTables.silent(PagedAttention.prefill(q, pages.pages(biased), 1, sequences, scale(dim)));
        equal(out, truth(q, pages, sequences), tolerance(dtype));
    }

    private static float scale(int dim) {
        return (float) (1 / Math.sqrt(dim));
    }

    private static double[] truth(Tensor q, PageFixture pages, List<Sequence> sequences) {
        return PagedAttentionTest.truth(q, sequences, pages::keys, pages::values, scale(q.dim(2)));
    }

    private static void equal(Tensor actual, double[] truth, double tolerance) {
        PagedAttentionTest.equal(actual, truth, tolerance);
    }

    /** A bias of 140 makes scores of some dozens, whose last bits weigh more than in attention over plain keys. */
    private static double tolerance(DType dtype) {
        return dtype == DType.F32 ? 1e-4 : PagedAttentionTest.tolerance(dtype);
    }

    /** Fault T10: a broken row stays alone, in its chunk and beside other sequences. */
    @Test
    void aNanStaysInItsRow() {
        List<Sequence> sequences = PagedAttentionTest.dealt(16, new int[] {0, 9}, new int[] {20, 3});
        PageFixture pages = PageFixture.of(form(64, 16, KvKind.INT8, KvKind.INT4, true), sequences, false, true);
        Tensor q = Oracle.normal(7, DType.F32, 12, KV, 64);
        double[] truth = truth(q, pages, sequences);
        float[] broken = q.toFloats();
        broken[2 * KV * 64] = Float.NaN; // row 2, head 0
        Tensor rows = Tensor.of(broken, 12, KV, 64);
        for (KernelCall call : List.of(
                PagedAttention.decode(rows, pages.pages(true), 1, sequences, scale(64)),
                PagedAttention.prefill(rows, pages.pages(true), 1, sequences, scale(64)))) {
            double[] out = MetalTables.silent(call).toDoubles();
            for (int i = 0; i < out.length; i++) {
                if (i / 64 == 2 * KV) {
                    assertThat(out[i]).isNaN();
                } else {
                    assertThat(Math.abs(out[i] - truth[i])).as("element %d", i).isLessThanOrEqualTo(1e-4);
                }
            }
        }
    }

    @Test
    void invalidTablesAreRefused() {
        CodedPages pages = new PageFixture(form(64, 16, KvKind.INT8, KvKind.INT4, true), 2, false).pages(true);
        Tensor q = Tensor.zeros(DType.F32, 1, KV, 64);
        refused(q, pages, new Sequence(new int[] {0, 2}, 20, 1), "block table 0: page 2 is not in 0…1");
        refused(q, pages, new Sequence(new int[] {-1}, 0, 1), "block table 0: page -1 is not in 0…1");
        refused(q, pages, new Sequence(new int[] {1, 1}, 20, 1), "block table 0: page 1 is in it twice");
        refused(
                q,
                pages,
                new Sequence(new int[] {1}, 16, 1),
                "block table 0: its 1 pages of 16 tokens have no room for 17");
        assertThatThrownBy(() -> PagedAttention.decode(q, pages, 0, List.of(new Sequence(new int[] {1}, 0, 2)), 1))
                .hasMessage("attention_decode_codes: 2 rows of sequences are more than q's 1");
        assertThatThrownBy(() -> PagedAttention.prefill(q, pages, 0, List.of(), 1))
                .hasMessage("attention_prefill_codes: 0 rows of sequences have to be all of q's 1");
    }

    private static void refused(Tensor q, CodedPages pages, Sequence sequence, String why) {
        assertThatThrownBy(() -> PagedAttention.decode(q, pages, 1, List.of(sequence), 1))
                .hasMessage("attention_decode_codes: " + why);
        assertThatThrownBy(() -> PagedAttention.prefill(q, pages, 1, List.of(sequence), 1))
                .hasMessage("attention_prefill_codes: " + why);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        PageForm form = form(64, 16, KvKind.INT8, KvKind.INT4, true);
        CodedPages pages = new PageFixture(form, 2, false).pages(true);
        List<Sequence> one = List.of(new Sequence(new int[] {0}, 0, 1));
        assertThatThrownBy(() -> PagedAttention.decode(Tensor.zeros(DType.I32, 1, KV, 64), pages, 0, one, 1))
                .hasMessage("attention_decode_codes: q is F32, F16 or BF16, not I32");
        assertThatThrownBy(() -> PagedAttention.decode(Tensor.zeros(DType.F32, 1, KV, 128), pages, 0, one, 1))
                .hasMessage("attention_decode_codes: q has heads of 128 components, and the pages of 64");
        assertThatThrownBy(() -> PagedAttention.decode(Tensor.zeros(DType.F32, 1, 3, 64), pages, 0, one, 1))
                .hasMessage("attention_decode_codes: 3 query heads can't share 2 key heads evenly");
        assertThatThrownBy(() -> PagedAttention.prefill(Tensor.zeros(DType.F32, 1, KV, 64), pages, 2, one, 1))
                .hasMessage("attention_prefill_codes: layer 2 is not in 0…1");
        KeyTurn turn = new KeyTurn(PageFixture.THETA, false, List.of());
        assertThatThrownBy(() -> new CodedPages(form, Tensor.zeros(DType.F32, 2, 6656), turn))
                .hasMessage("pages: bytes is U8, not F32");
        assertThatThrownBy(() -> new CodedPages(form, Tensor.zeros(DType.U8, 2, 6000), turn))
                .hasMessage("pages: bytes has 6000 of each page, and a page of 2 layers, 2 KV heads of 64 and 16 tokens"
                        + " with INT8 keys and INT4 values has 6656");
        assertThatThrownBy(() -> new CodedPages(form, Tensor.zeros(DType.U8, 2, 6656), null))
                .hasMessageContaining("nobody says which rotation that is");
        assertThatThrownBy(() -> new CodedPages(
                        form, Tensor.zeros(DType.U8, 2, 6656), new KeyTurn(1e4, false, List.of(Tensor.scalar(1f)))))
                .hasMessage("there are biases of 1 layers, and the pages are of 2");
    }

    /** A kernel's text is one file, so that both have the functions that know the pages. */
    @Test
    void bothFilesReadPagesAlike() {
        assertThat(pageFunctions("attention_decode.metal")).isEqualTo(pageFunctions("attention_prefill.metal"));
    }

    private static String pageFunctions(String file) {
        String text = MetalFolder.text(file);
        String from = text.substring(text.indexOf("// Pages of codes, as"));
        return from.substring(0, from.indexOf("\n}\n", from.indexOf("key_pair(")));
    }
}
