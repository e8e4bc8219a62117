package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.lab.chart.WordGrid;
import tinyllm.lab.chart.WordGrid.Word;
import tinyllm.model.CausalLm;
import tinyllm.model.Models;
import tinyllm.nn.AttentionLayerFn;
import tinyllm.nn.BlockFn;
import tinyllm.nn.MlpFn;
import tinyllm.tensor.Tensor;
import tinyllm.weights.format.SafetensorsTensors;
import tinyllm.weights.format.TensorEntry;

/** What chapter 1.5 shows, on a tiny model with random weights. */
class DecoderPicturesTest {

    private final CausalLm qwen3 = Models.load("../core/src/test/resources/checkpoints/qwen3-tied-f16");
    private final CausalLm qwen2 = Models.load("../core/src/test/resources/checkpoints/qwen2-tied-bf16");

    @Test
    void theLensEndsInWhatTheModelSays() {
        LogitLens lens = LogitLens.of(qwen2, "hello");
        int[] ids = qwen2.tokenizer().encode("hello");
        int best = qwen2.lastLogits(ids).argmax(0).toInts()[0];

        assertThat(lens.answer())
                .isEqualTo(Tokens.labels(qwen2.tokenizer(), best).getFirst());
        assertThat(lens.numLayers()).isEqualTo(qwen2.config().numHiddenLayers());
        assertThat(lens.settled()).isBetween(0, lens.numLayers());
        assertThat(lens.top().rowCount()).isEqualTo(lens.numLayers() + 1);
        assertThat(lens.picture().text()).contains("of " + lens.numLayers() + " layers");
        assertThat(lens.rise("no such guess").text()).contains(lens.answer());
    }

    @Test
    void theLensSeesALearnersBlock() {
        LogitLens lens = LogitLens.of(qwen2.with(() -> (BlockFn) (x, w, mask, offset, parts) -> x), "hello");

        assertThat(lens.settled())
                .as("blocks that add nothing leave the embedding's guess")
                .isZero();
    }

    @Test
    void theLensRefusesATextThatNobodyCanRead() {
        assertThatThrownBy(() -> LogitLens.of(qwen2, "hello ".repeat(200)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to " + LogitLens.MAX_TOKENS);
    }

    @Test
    void theStreamIsTheEmbeddingAndItsAdditions() {
        CausalLm still = qwen2.with(() -> (AttentionLayerFn) (x, w, mask, offset, parts) -> x.mul(0))
                .with(() -> (MlpFn) (x, gate, up, down) -> x.mul(0));
        int[] ids = still.tokenizer().encode("hello you");
        Tensor first = still.weights().embedTokens().at(ids[0]);
        ResidualStream stream = ResidualStream.of(still, "hello you");

        double length = Math.sqrt(first.square().sum().item());
        assertThat(stream.length(0, 0)).isCloseTo(length, within(1e-5));
        assertThat(stream.length(still.config().numHiddenLayers(), 0)).isCloseTo(length, within(1e-5));
    }

    @Test
    void theStreamsPicturesSayTheirFinding() {
        ResidualStream stream = ResidualStream.of(qwen2, "hello you");

        assertThat(stream.lengths().text()).contains("Vectors grow from").contains("first token");
        assertThat(stream.additions().text()).contains("The median layer adds");
    }

    @Test
    void theCostHasEveryPartsWeights() {
        ModelCost cost = ModelCost.of(qwen2);

        assertThat(cost.rows()).extracting(ModelCost.Row::part).startsWith("attention", "MLP", "output layer");
        double table = qwen2.weights().outputTable().nbytes() / 1e6;
        assertThat(cost.rows().get(2).weightsMb()).isCloseTo(table, within(1e-12));
        assertThat(cost.rows()).allMatch(row -> row.ms() >= 0);
        assertThat(cost.ceilingGbPerS()).isPositive();
        assertThat(cost.chart().text()).contains("% of memory's");
        assertThat(cost.table().rowCount()).isEqualTo(4);
    }

    @Test
    void aLayerIsARealSafetensorsFile() {
        List<TensorEntry> biased = new SafetensorsTensors().read(SafetensorsBytes.layer(qwen2, 0));
        List<TensorEntry> normed = new SafetensorsTensors().read(SafetensorsBytes.layer(qwen3, 1));

        assertThat(biased)
                .extracting(TensorEntry::name)
                .contains("model.layers.0.self_attn.q_proj.bias", "model.layers.0.mlp.down_proj.weight");
        assertThat(normed)
                .extracting(TensorEntry::name)
                .contains("model.layers.1.self_attn.q_norm.weight")
                .noneMatch(name -> name.endsWith(".bias"));
        assertThat(biased.getFirst().shape()).containsExactly(qwen2.config().hiddenSize());
    }

    @Test
    void namesAreQuoted() {
        byte[] file = new SafetensorsBytes()
                .tensor("a \"b\" c", Tensor.of(new float[] {1, 2}))
                .bytes();

        assertThat(new SafetensorsTensors().read(file).getFirst().name()).isEqualTo("a \"b\" c");
    }

    @Test
    void anUnevenGridOfWordsIsRefused() {
        assertThatThrownBy(() -> WordGrid.paint(
                        "t", List.of("0"), List.of("a", "b"), List.of(List.of(new Word("x", 1))), "", "", "text"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 words")
                .hasMessageContaining("2 columns");
    }
}
