package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tinyllm.cache.KeysValues;
import tinyllm.kernel.KernelException;
import tinyllm.lab.check.Draw;
import tinyllm.model.ModelConfig;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Pictures of chapter 3.2, from runs on the host, and a model's cache and attention over pages. */
@Tag("slow")
@DisabledOnOs(OS.MAC)
class MetalPagesViewsTest {

    private static final String GATHER = KernelSources.library("3.2 gather");
    private static final String DECODE = KernelSources.library("3.2 decode");
    private static final ModelConfig CONFIG =
            new ModelConfig(ModelConfig.Family.QWEN2, 256, 1, 4, 2, 64, 128, 100, 1e-6, 1e6, false, true, true, 64);

    @Test
    void onlyTheTextsPagesAreRead() {
        assertThat(PageReaders.of(DECODE, 20).text()).startsWith("20 of 20 keys read, in 3 of ");
        String short20 = DECODE.replace("min(size, keys - p * size)", "1u");
        assertThat(PageReaders.of(short20, 20).text()).startsWith("3 of 20 keys read, in 3 of ");
        String race = DECODE.replace("threadgroup_barrier(mem_flags::mem_threadgroup);\n", "");
        assertThatThrownBy(() -> PageReaders.of(race, 16)).isInstanceOf(KernelException.class);
        assertThatThrownBy(() -> PageReaders.of(DECODE, 129)).hasMessageContaining("1 to 128 keys");
    }

    /** A copy reads each byte once and writes it once, and asks for the table; without it nothing is written but the result. */
    @Test
    void theCopyIsCounted() {
        GatherCost cost = GatherCost.of(CONFIG, GATHER, DECODE, 8, 33);
        GatherCost.Point last = cost.points().getLast();

        assertThat(last.once()).isEqualTo(2.0 * 33 * 2 * 64 * 4 / 1e6);
        assertThat(last.copied()).isBetween(2 * last.once(), 2.7 * last.once());
        assertThat(last.gatherFirst()).isGreaterThan(last.direct() + 0.9 * last.copied());
        assertThat(last.direct()).isGreaterThanOrEqualTo(last.once());
        assertThat(cost.chart("nobody's guess").text()).startsWith("33 keys: the copy alone moves");
        assertThatThrownBy(() -> GatherCost.of(CONFIG, GATHER, DECODE)).hasMessageContaining("no length");
    }

    @Test
    void bothWaysAreTimedOnTheCpu() {
        GatherTimes times = GatherTimes.of(CONFIG, 16, 130);

        assertThat(times.rows()).extracting(GatherTimes.Row::keys).containsExactly(16, 130);
        assertThat(times.rows()).allSatisfy(row -> {
            assertThat(row.gatherFirstMs()).isPositive();
            assertThat(row.directMs()).isPositive();
        });
        assertThat(times.chart().text()).contains("130 keys", "straight from the pages");
        assertThatThrownBy(() -> GatherTimes.of(CONFIG, 0)).hasMessageContaining("one key or more");
    }

    /** A prompt in array operations and then two tokens by the kernel give what the library's attention gives. */
    @Test
    void newTokensRunOverThePages() {
        Draw draw = new Draw(1);
        Tensor k = draw.normal(1, 2, 21, 64);
        Tensor v = draw.normal(1, 2, 21, 64);
        Tensor q = draw.normal(1, 4, 21, 64);
        Tensor expected = new GroupedQueryAttention().attend(q, k, v, new Masks().causal(21, 21, DType.F32), 0.125);
        try (MetalPages pages = new MetalPages(DECODE, CONFIG, 21)) {
            int[] ends = {19, 20, 21};
            for (int end : ends) {
                int from = pages.length();
                pages.reserve(end - from);
                KeysValues all = pages.append(0, new KeysValues(k.slice(2, from, end), v.slice(2, from, end)));
                Tensor mask = from == 0 ? new Masks().causal(end, end, DType.F32) : null;
                Tensor out = pages.attend(q.slice(2, from, end), all.keys(), all.values(), mask, 0.125);
                pages.advance(end - from);
                assertThat(out.toFloats())
                        .usingComparatorWithPrecision(1e-4f)
                        .containsExactly(expected.slice(2, from, end).toFloats());
            }
            assertThat(pages.launches()).isEqualTo(2);
            assertThatThrownBy(() -> pages.reserve(1)).hasMessageContaining("do not fit");
            assertThatThrownBy(() -> pages.rewind(22)).hasMessageContaining("can't forget 22");
        }
    }
}
