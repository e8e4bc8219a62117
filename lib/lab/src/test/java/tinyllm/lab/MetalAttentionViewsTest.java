package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tinyllm.kernel.KernelException;
import tinyllm.lab.check.Draw;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Pictures of chapters 2.5a and 2.5b, from runs on the host, and models whose attention is a kernel. */
@Tag("slow")
@DisabledOnOs(OS.MAC)
class MetalAttentionViewsTest {

    private static final String DECODE = KernelSources.library("2.5a decode");
    private static final String TILES = KernelSources.library("2.5b tiles");
    private static final String CAUSAL = KernelSources.library("2.5b causal");
    private static final ModelConfig CONFIG =
            new ModelConfig(ModelConfig.Family.QWEN2, 256, 1, 4, 2, 64, 128, 100, 1e-6, 1e6, false, true, true, 64);

    @Test
    void eightGroupsReadEachKeyOnce() {
        assertThat(KeyReaders.of(DECODE, 48).text()).startsWith("48 keys in 6 turns, each read by one SIMD group");
        assertThat(KeyReaders.of(DECODE, 3).text()).startsWith("3 keys in 1 turn");
    }

    @Test
    void keysThatSeveralGroupsOrNobodyReadsAreTold() {
        String all = DECODE.replace("uint key = group", "uint key = 0");

        assertThat(KeyReaders.of(all, 48).text())
                .startsWith("48 keys in 6 turns: 6 of them read by several groups, 42 read by nobody");
    }

    @Test
    void aRaceIsNoPicture() {
        String race = DECODE.replace("threadgroup_barrier(mem_flags::mem_threadgroup);\n", "");

        assertThatThrownBy(() -> KeyReaders.of(race, 16)).isInstanceOf(KernelException.class);
        assertThatThrownBy(() -> KeyReaders.of(DECODE, 257)).hasMessageContaining("1 to 256 keys");
    }

    @Test
    void turnsAreCountedHoweverTheLoadsAreWritten() {
        String apart = KernelSources.library("2.5a walk")
                .replace(
                        "float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);",
                        "float low = q0 * k[at];\nfloat high = q1 * k[at + 32];\nfloat score = simd_sum(low + high);");
        DecodeCost cost =
                DecodeCost.of(CONFIG, 5, 40).with("1 SIMD group", apart, 1).with("8 SIMD groups", DECODE, 8);

        assertThat(cost.points()).extracting(DecodeCost.Point::turns).containsExactly(5L, 40L, 1L, 5L);
        assertThat(cost.points().getLast().transactions())
                .isGreaterThanOrEqualTo(cost.points().getLast().floor());
        assertThat(cost.turns("nobody's guess").text()).contains("40 keys: 40 turns with 1 SIMD group, 5 with 8");
    }

    @Test
    void tilesBeyondTheDiagonalAreGrey() {
        assertThat(TileVisits.of(CAUSAL, 2).text()).startsWith("6 of 8 tiles are loaded: 75 %");
        assertThat(TileVisits.of(TILES, 2).text()).startsWith("8 of 8 tiles are loaded: 100 %");
        assertThatThrownBy(() -> TileVisits.of(TILES, 9)).hasMessageContaining("1 to 8 threadgroups");
    }

    @Test
    void aThreadsOwnPositionFindsItsTilesToo() {
        String own = CAUSAL.replace("query = first + t;", "query = thread_position_in_grid.x;");

        assertThat(TileVisits.of(own, 2).text()).startsWith("6 of 8 tiles are loaded");
    }

    @Test
    void aNewTokenRunsThroughTheKernelAndAPromptDoesNot() {
        Draw draw = new Draw(1);
        Tensor q = draw.normal(1, 4, 1, 64);
        Tensor k = draw.normal(1, 2, 11, 64);
        Tensor v = draw.normal(1, 2, 11, 64);
        Tensor prompt = draw.normal(1, 4, 3, 64);
        Tensor mask = new Masks().causal(3, 11, DType.F32);
        GroupedQueryAttention library = new GroupedQueryAttention();
        MetalDecode decode = new MetalDecode(DECODE);

        assertThat(decode.attend(q, k, v, null, 0.125).toFloats())
                .usingComparatorWithPrecision(1e-4f)
                .containsExactly(library.attend(q, k, v, null, 0.125).toFloats());
        assertThat(decode.attend(prompt, k, v, mask, 0.125).toFloats())
                .containsExactly(library.attend(prompt, k, v, mask, 0.125).toFloats());
        assertThat(decode.launches()).isEqualTo(1);
        assertThat(new MetalPrefill(CAUSAL).attend(prompt, k, v, mask, 0.125).toFloats())
                .usingComparatorWithPrecision(1e-4f)
                .containsExactly(library.attend(prompt, k, v, mask, 0.125).toFloats());
    }

    @Test
    void memoryAndTimeAreMeasuredForEachLength() {
        PrefillCost cost = PrefillCost.of(CAUSAL, CONFIG, 64, 256);

        assertThat(cost.points()).extracting(PrefillCost.Point::tokens).contains(64, 256);
        assertThat(cost.points()).allSatisfy(p -> assertThat(p.ms()).isPositive());
        assertThat(cost.memory("nobody's guess").text()).startsWith("Memory at 256 tokens");
        assertThatThrownBy(() -> PrefillCost.of(CAUSAL, CONFIG, 1)).hasMessageContaining("2 to 8,192");
        assertThatThrownBy(() -> PrefillCost.of(CAUSAL, CONFIG)).hasMessageContaining("no length");
    }
}
