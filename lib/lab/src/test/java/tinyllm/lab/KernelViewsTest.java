package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tech.tablesaw.api.Table;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Pictures of chapters 4.5, 2.3a and 2.3b, from runs on the host. */
@Tag("slow")
@DisabledOnOs(OS.MAC)
class KernelViewsTest {

    @Test
    void aStrideOfThirtyTwoCostsAsManyTransactionsAsLanes() {
        Table table = Coalescing.of(1, 2, 32).table();

        assertThat(table.doubleColumn("transactions").asDoubleArray()).containsExactly(1, 2, 32);
        assertThat(table.doubleColumn("used").get(0)).isEqualTo(1);
        assertThat(table.doubleColumn("used").get(2)).isEqualTo(1 / 8.0);
        assertThat(Coalescing.of(1, 32).chart("nobody's guess").text()).contains("32 at stride 32");
        assertThatThrownBy(() -> Coalescing.of(0)).hasMessageContaining("1 to 128");
    }

    @Test
    void touchesCountTheSegmentsOfTheFirstMoment() {
        MetalKernel apart = MetalKernel.of("uint i = thread_position_in_grid.x;\nout[i] = x[i * 8];\n")
                .inputs("x")
                .outputs("out");
        Launch launch = Launch.grid(32).group(32).output(DType.F32, 32);
        Picture picture = Coalescing.touches("eight apart", apart, launch, 0, 2, 256, Tensor.normal(1, 256));

        assertThat(picture.text())
                .isEqualTo("eight apart: at the first moment 32 lanes touch 8 segments of 128 bytes.");
        assertThatThrownBy(() -> Coalescing.touches("", apart, launch, 0, 0, 256, Tensor.normal(1, 256)))
                .hasMessageContaining("1 to 32 moments");
    }

    @Test
    void fusedKernelsAgreeWithSingleStepsAndMoveLess() {
        FusionSteps.Both norm = FusionSteps.norm(96, KernelSources.library("4.5 rmsnorm"));
        FusionSteps.Both rope = FusionSteps.rope(3, 32, KernelSources.library("4.5 rope"));
        FusionSteps.Both swiglu = FusionSteps.swiglu(300, KernelSources.library("4.5 swiglu"));

        assertThat(norm.apart().launches()).isEqualTo(6);
        assertThat(rope.apart().launches()).isEqualTo(10);
        assertThat(swiglu.apart().launches()).isEqualTo(3);
        assertThat(swiglu.fused().launches()).isEqualTo(1);
        assertThat(swiglu.fused().bytes()).isLessThan(swiglu.apart().bytes() / 2);
        assertThat(norm.fused().bytes()).isLessThan(norm.apart().bytes());
        String half = KernelSources.library("4.5 swiglu").replace("* up[i]", "* 0.5f * up[i]");
        assertThatThrownBy(() -> FusionSteps.swiglu(300, half))
                .hasMessageContaining("SwiGLU: the kernel and the single");
    }

    @Test
    void aStubIsReplacedByTheLibrarys() {
        String library = KernelSources.library("4.5 axpy");

        assertThat(KernelSources.of("4.5 axpy", () -> (KernelText) () -> "todo(\"write it\");\n"))
                .isEqualTo(library);
        assertThat(KernelSources.of("4.5 axpy", () -> (KernelText) () -> "mine"))
                .isEqualTo("mine");
        assertThatThrownBy(() -> KernelSources.library("1.1 softmax")).hasMessageContaining("no kernel's source");
    }

    @Test
    void wordsAreCountedInTheSources() {
        Table words = MetalWords.of(KernelSources.library("4.5 softmax"));

        assertThat(words.stringColumn("metal").asList())
                .contains("threadgroup_barrier", "simd_max")
                .doesNotContain("simdgroup_barrier");
        assertThat(words.longColumn("used").get(0)).isEqualTo(3);
        assertThatThrownBy(() -> MetalWords.of("int x;")).hasMessageContaining("no word of Metal");
    }

    @Test
    void thirtyTwoLanesMoveLessThanOneThreadForEachRow() {
        Table bars = MatvecView.of(256, 16)
                .bars(KernelSources.library("2.3a naive"), KernelSources.library("2.3a matvec"))
                .table();

        double plain = bars.doubleColumn("deviceKb").get(0);
        assertThat(bars.doubleColumn("deviceKb").get(1)).isLessThan(plain / 5);
        assertThat(bars.doubleColumn("deviceKb").get(2)).isLessThan(plain / 10);
    }

    @Test
    void aTileReadsEachValueOfXOnce() {
        Picture tiles = MatmulView.of(20, 64, 40)
                .naive()
                .tile(KernelSources.library("2.3b tile"))
                .tiles();

        assertThat(tiles.text())
                .isEqualTo("naive: a value of x is read 32 ×, a word of w 32 ×, for 128 results; "
                        + "tile: a value of x is read 1 ×, a word of w 8 ×, for 256 results.");
        assertThatThrownBy(() -> MatmulView.of(20, 64, 40).tiles()).hasMessageContaining("one to four kernels");
    }

    @Test
    void registersAndMatricesLoadLessForEachProduct() {
        MatmulView view = MatmulView.of(32, 64, 32)
                .tile(KernelSources.library("2.3b tile"))
                .registers(KernelSources.library("2.3b registers"))
                .matrices(KernelSources.library("2.3b matrices"));

        assertThat(view.bars().threadgroupLoads(32 * 64 * 32))
                .as("matrices load an eighth, and each result once more to copy it")
                .startsWith(2, 1, 1 / 8.0 + 1 / 64.0);
        assertThat(view.loads().text()).contains("from threadgroup memory is largest at tile (2)");
        double[] kb = view.bars().table().doubleColumn("deviceKb").asDoubleArray();
        assertThat(kb[1]).isLessThan(0.6 * kb[0]);
    }

    @Test
    void moreRowsCostTheKernelForOneRowMore() {
        assertThat(MatmulView.rows("nobody's guess", 64, 32, 1, 16).text())
                .contains("16 rows: row by row")
                .contains("tiles of 32 rows from");
        assertThat(MatmulView.of(8, 128, 64)
                        .parts(KernelSources.library("2.3b split-K"), 1, 4)
                        .text())
                .startsWith("4 parts: 16 threadgroups instead of 4, for 1.");
        String racing =
                KernelSources.library("2.3b tile").replace("threadgroup_barrier(mem_flags::mem_threadgroup);", "");
        assertThatThrownBy(() -> MatmulView.of(16, 64, 16).tile(racing).bars()).hasMessageContaining("tile does what");
    }

    @Test
    void aKernelChoosesAfterEachToken() {
        CausalLm tiny = Models.load("../core/src/test/resources/checkpoints/mlx-q4-g64");
        String source = KernelSources.library("2.3b matrices");
        int tokens = tiny.tokenizer().encode("a b a").length;

        assertThat(NextWords.of(tiny, source, "a b a", "a", "b").text()).contains(" of " + tokens + " tokens");
        assertThatThrownBy(() -> NextWords.of(tiny, source, "a b a", "a")).hasMessageContaining("two words or more");
    }
}
