package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.KvKind;
import tinyllm.kernel.PageForm;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Codes in pages that are tensors, as a GPU has them. */
class TensorPagesTest {
    private static final int KV = 2;
    private static final int TOKENS = 41;

    /** Small biases and two large ones, as Qwen2.5 has them. */
    private static List<Tensor> biases(int dim) {
        float[] bias = new float[KV * dim];
        for (int i = 0; i < bias.length; i++) {
            bias[i] = i % dim == 3 ? 140 : i % dim == dim / 2 ? -60 : (float) Math.sin(i);
        }
        Tensor one = Tensor.of(bias, KV * dim);
        return List.of(Tensor.zeros(DType.F32, KV * dim), one);
    }

    private static KeysValues step(PageForm form, KeyTurn turn) {
        Tensor k = Tensor.normal(1, 1, KV, TOKENS, form.headDim());
        Tensor v = Tensor.normal(2, 1, KV, TOKENS, form.headDim());
        return new KeysValues(form.beforeRotation() ? new KeyTurner(form, turn).after(k, 1) : k, v);
    }

    /** Layer 1 after these tokens came in these steps. */
    private static KeysValues appended(PagedKvCache cache, KeysValues step, int... cuts) {
        KeysValues all = step;
        int from = 0;
        for (int to : cuts) {
            cache.reserve(to - from);
            all = cache.append(
                    1,
                    new KeysValues(step.keys().slice(2, from, to), step.values().slice(2, from, to)));
            cache.advance(to - from);
            from = to;
        }
        return all;
    }

    private static double gap(Tensor a, Tensor b) {
        assertThat(a.shape()).isEqualTo(b.shape());
        return a.sub(b).abs().mean().toDoubles()[0];
    }

    /** Half a step of 255 or 15 parts of what normal values span, and half of that on average; large keys cost some bits of F32. */
    private static double bound(KvKind kind) {
        return switch (kind) {
            case INT8 -> 0.007;
            case INT4 -> 0.11;
            case F16 -> 3e-4;
            case BF16 -> 3e-3;
            case F32 -> 1e-6;
        };
    }

    @ParameterizedTest
    @CsvSource({
        "64,INT8,INT8,true,false", "64,INT4,INT4,true,true", "32,INT8,INT4,true,true", "80,INT4,INT8,true,false",
        "128,INT8,INT8,true,false", "96,INT4,INT4,false,false", "64,INT8,F16,true,false", "64,F16,INT8,false,false"
    })
    void codesAreWhatTheCpuPagesRead(int dim, KvKind keys, KvKind values, boolean before, boolean neighbours) {
        PageForm form = new PageForm(2, KV, dim, 16, keys, values, before);
        KeyTurn turn = new KeyTurn(1e4, neighbours, biases(dim));
        KeysValues step = step(form, turn);
        try (PagedKvMemory natives = new PagedKvMemory(form, 100, 4, turn);
                PagedKvMemory tensors = PagedKvMemory.ofTensors(form, 100, 8, turn);
                PagedKvCache onCpu = natives.newCache();
                PagedKvCache whole = tensors.newCache();
                PagedKvCache chunks = tensors.newCache()) {
            KeysValues expected = appended(onCpu, step, TOKENS);
            KeysValues read = appended(whole, step, TOKENS);
            assertThat(gap(read.keys(), step.keys())).isLessThan(bound(keys));
            assertThat(gap(read.values(), step.values())).isLessThan(bound(values));
            assertThat(gap(read.keys(), expected.keys())).isLessThan(bound(keys) / 4);
            assertThat(gap(read.values(), expected.values())).isLessThan(bound(values) / 4);
            KeysValues cut = appended(chunks, step, 1, 2, 17, 40, TOKENS);
            assertThat(cut.keys().toFloats()).isEqualTo(read.keys().toFloats());
            assertThat(cut.values().toFloats()).isEqualTo(read.values().toFloats());
        }
    }

    @Test
    void codesTakeTheirBytes() {
        long[] bytes = new long[2];
        for (KvKind kind : List.of(KvKind.F16, KvKind.INT8)) {
            PageForm form = new PageForm(2, KV, 64, 16, kind);
            KeyTurn turn = new KeyTurn(1e4, false, List.of());
            try (PagedKvMemory memory = PagedKvMemory.ofTensors(form, 100, 8, turn);
                    PagedKvCache cache = memory.newCache()) {
                appended(cache, step(form, turn), TOKENS);
                bytes[kind == KvKind.F16 ? 0 : 1] = memory.nbytes();
            }
        }
        assertThat((double) bytes[1] / bytes[0]).isEqualTo(8.5 / 16);
    }

    /** A fork copies the page it writes to, codes as well as numbers. */
    @Test
    void aForkLeavesTheOthersCodes() {
        PageForm form = new PageForm(2, KV, 64, 16, KvKind.INT4);
        KeyTurn turn = new KeyTurn(1e4, false, biases(64));
        KeysValues step = step(form, turn);
        try (PagedKvMemory memory = PagedKvMemory.ofTensors(form, 100, 8, turn);
                PagedKvCache first = memory.newCache()) {
            appended(first, step, 20);
            try (PagedKvCache second = first.fork()) {
                KeysValues one = new KeysValues(
                        step.keys().slice(2, 20, 21), step.values().slice(2, 20, 21));
                second.reserve(1);
                KeysValues of = second.append(1, new KeysValues(one.keys().mul(3), one.values()));
                first.reserve(1);
                KeysValues mine = first.append(1, one);
                assertThat(gap(of.keys().slice(2, 0, 20), mine.keys().slice(2, 0, 20)))
                        .isZero();
                assertThat(gap(of.keys().slice(2, 20, 21), mine.keys().slice(2, 20, 21)))
                        .isGreaterThan(0.1);
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        PageForm form = new PageForm(2, KV, 64, 16, KvKind.INT8);
        assertThatThrownBy(() -> PagedKvMemory.ofTensors(form, 100, 8, null))
                .hasMessageContaining("nobody says which rotation");
        KeyTurn turn = new KeyTurn(1e4, false, biases(32));
        assertThatThrownBy(() -> PagedKvMemory.ofTensors(form, 100, 8, turn))
                .hasMessage("a bias of 64 values does not fit 2 KV heads of 64");
    }
}
