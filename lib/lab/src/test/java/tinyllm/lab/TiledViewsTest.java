package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.LoopAttention;
import tinyllm.arrays.OnlineMean;
import tinyllm.arrays.TiledAttention;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.Verdict;

/** What chapter 2.4 draws, and that plain arrays compute what a model's attention computes. */
class TiledViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final String TEXT = "0123456789".repeat(3);
    private static CausalLm model;

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    @Test
    void everyHeadEndsAtTheSoftmax() {
        OnlineWalk walk = OnlineWalk.of(OnlineMean::new, model, TEXT, 1, 4);

        assertThat(walk.heads())
                .hasSize(model.config().numAttentionHeads())
                .allMatch(head -> head.distanceAtEnd() < 0.01);
        assertThat(walk.chart().text()).contains("keys", "distance from the final mean");
    }

    @Test
    void aTileOrALayerThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> OnlineWalk.of(OnlineMean::new, model, TEXT, 99, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("there is no layer 99");
        assertThatThrownBy(() -> OnlineWalk.of(OnlineMean::new, model, TEXT, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tiles hold 1 to");
    }

    @Test
    void memoryOfTilesDoesNotGrow() {
        AttentionMemory tiles = AttentionMemory.of(TiledAttention::new, 128, 256, 512);
        AttentionMemory rows = AttentionMemory.of(LoopAttention::new, 128, 256);

        assertThat(tiles.points()).allMatch(p -> p.tilesKb() < 50);
        assertThat(tiles.points().getLast().allScoresKb()).isGreaterThan(512 * 512 * 4 / 1e3);
        assertThat(rows.points().getLast().tilesKb()).isGreaterThan(256 * 128 * 4 / 1e3);
        assertThat(tiles.chart().text()).contains("for all scores", "for tiles");
    }

    @Test
    void arraysTakeTheModelsPlace() {
        int[] tokens = IntStream.range(0, 70).map(i -> i % 50).toArray();
        Tensor expected = model.logits(tokens);
        Tensor actual =
                model.with(() -> new ArrayAttention(TiledAttention::new)).logits(tokens);

        assertThat(Verdict.compare(expected, actual, 1e-3, 1e-3).ok()).isTrue();
    }

    @Test
    void lanesThatDoNotFitAHeadAreRefused() {
        var shape = new AttentionShape(1, 1, 1, 1, 3, false, 1);
        assertThatThrownBy(() -> new VectorAttention().attend(new float[3], new float[3], new float[3], shape))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 numbers");
    }

    @Test
    void masksThatArraysDoNotKnowAreRefused() {
        Tensor q = Tensor.normal(1, 1, 2, 3, 16);
        Tensor odd = new Masks().padding(new int[] {2}, 3, DType.F32);

        assertThatThrownBy(() -> new ArrayAttention(TiledAttention::new).attend(q, q, q, odd, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("causal mask or none");
        Tensor all = new ArrayAttention(TiledAttention::new).attend(q, q, q, null, 0.25);
        assertThat(Verdict.compare(new GroupedQueryAttention().attend(q, q, q, null, 0.25), all, 1e-4, 1e-4)
                        .ok())
                .isTrue();
    }

    @Test
    void speedCountsWhatTheMaskLeaves() {
        AttentionSpeed speed =
                AttentionSpeed.of(16, 32).with("loop", TiledAttention::new).withLibraries();

        assertThat(speed.points()).hasSize(6).allMatch(p -> p.ms() > 0 && p.gflops() > 0);
        AttentionSpeed.Point last = speed.points().get(1);
        assertThat(last.gflops() * last.ms() * 1e6)
                .isCloseTo(4.0 * 14 * 64 * 32 * 33 / 2, org.assertj.core.api.Assertions.within(1.0));
        assertThat(speed.chart().text()).contains("as fast as");
    }
}
