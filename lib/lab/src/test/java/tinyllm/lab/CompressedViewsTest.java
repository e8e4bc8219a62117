package tinyllm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tinyllm.cache.CodedKvCache;
import tinyllm.cache.HeavyHitters;
import tinyllm.cache.KvCodecFn;
import tinyllm.cache.KvCodes;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.kernel.KvKind;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** What chapter 4.1 draws is what the caches did. */
class CompressedViewsTest {

    private static final Path TINY = Path.of("../core/src/test/resources/checkpoints/qwen2-tied-bf16");
    private static final String TEXT =
            "The lighthouse stood on a rock a mile from the shore, and its lamp was lit every evening.";
    private static CausalLm model;

    /** Whole numbers of a head as they are: a codec for heads that are smaller than a group. */
    private record Rounded(double step) implements KvCodecFn {
        @Override
        public KvCodes pack(Tensor numbers, int bits) {
            Tensor none = Tensor.zeros(DType.F16, 1, numbers.dim(1), numbers.dim(2), 1);
            return new KvCodes(numbers.div(step).round(), none, none, bits);
        }

        @Override
        public Tensor unpack(KvCodes codes) {
            return codes.codes().mul(step);
        }
    }

    @BeforeAll
    static void load() {
        model = Models.load(TINY.toString());
    }

    @Test
    void coarserCodesLoseMore() {
        CacheLoss loss = CacheLoss.of(model, TEXT)
                .coded("fine", new Rounded(1e-5), 8, 8)
                .coded("coarse", new Rounded(0.5), 8, 8)
                .fewer("all", new HeavyHitters(), 0, 0, 256)
                .fewer("few", new HeavyHitters(), 2, 0, 6)
                .pages("8 bits before rotation", PageBudget.tokens(1).kind(KvKind.INT8));
        List<CacheLoss.Row> rows = loss.rows();
        assertThat(rows.get(0).difference()).isLessThan(1e-3);
        assertThat(rows.get(1).difference()).isGreaterThan(rows.get(0).difference());
        assertThat(rows.get(2).difference()).isLessThan(1e-5);
        assertThat(rows.get(2).agreementPercent()).isEqualTo(100);
        assertThat(rows.get(3).difference()).isGreaterThan(1e-4);
        assertThat(rows.get(3).kb()).isEqualTo(8 * model.config().kvBytesPerToken(4) / 1e3);
        assertThat(loss.bytes("4.1 bytes").text()).contains("kB");
        assertThat(loss.loss().text()).contains("moves log-probabilities");
        assertThat(loss.table().rowCount()).isEqualTo(5);
        assertThatThrownBy(() -> CacheLoss.of(model, "Hi")).hasMessageContaining("64 or more");
    }

    @Test
    void aCacheThatLosesNothingWritesWhatTheModelWrites() {
        int layers = model.config().numHiddenLayers();
        int[] ids = model.tokenizer().encode(TEXT);
        int[] written = new int[3];
        for (int i = 0; i < 3; i++) {
            int[] all = Arrays.copyOf(ids, ids.length + i);
            System.arraycopy(written, 0, all, ids.length, i);
            written[i] = (int) model.lastLogits(all).argmax(-1).item();
        }
        String exact = "… " + model.tokenizer().decode(written);
        assertThat(GoOn.greedily(model, new CodedKvCache(new Rounded(1e-6), layers, 200, 8, 8), TEXT, 3))
                .isEqualTo(exact);
        assertThatThrownBy(() -> GoOn.greedily(model, new CodedKvCache(new Rounded(1), layers, 20, 8, 8), TEXT, 3))
                .hasMessageContaining("may hold 20");
    }

    @Test
    void keptTokensAreThoseOfTheChoice() {
        int tokens = Math.min(CacheLoss.most(), model.tokenizer().encode(TEXT).length);
        assertThat(KeptTokens.of(model, new HeavyHitters(), TEXT, 2, 0, 6).text())
                .contains("Each head keeps 8 of " + tokens + " tokens; together they know 8");
    }

    @Test
    void aBiasMakesCodesCoarse() {
        assertThat(KeyRanges.of(model, TEXT, 0, 1).text())
                .contains("Layer 0, head 1: steps of 8 bits are", "before bias and rotation");
        assertThatThrownBy(() -> KeyRanges.of(model, TEXT, 0, 2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void fewerBitsAreFewerBytes() {
        CausalLm own = Models.load(TINY.toString(), KernelSet.OWN, LoadListener.NONE);
        PageReading reading = PageReading.of(own, 64, 2);
        assertThat(reading.rows()).hasSize(4);
        double whole = reading.rows().getFirst().cacheMb();
        assertThat(reading.rows().get(1).cacheMb()).isCloseTo(whole / 2, within(1e-9));
        assertThat(reading.rows())
                .allSatisfy(row -> assertThat(row.percentOfFloor()).isPositive());
        assertThat(reading.toString()).contains("behind 64 others");
        assertThatThrownBy(() -> PageReading.of(own, 256, 2)).hasMessageContaining("1 to 255");
    }
}
