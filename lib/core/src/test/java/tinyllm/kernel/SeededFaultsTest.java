package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.kernel.host.Finding.Kind;
import tinyllm.kernel.host.MetalFolder;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** This lab's own kernels with one fault put in: each is found, and called by its name. */
class SeededFaultsTest {

    private static final Tensor X = Oracle.normal(1, DType.F32, 33, 64);
    private static final QuantizedKernels.Weights W = Oracle.weights(2, 40, 64, 4, 32, DType.F32);
    private static final Tensor Q = Oracle.normal(3, DType.F32, 1, 1, 40, 64);
    private static final PageFixture CODES =
            new PageFixture(new PageForm(1, 1, 64, 16, KvKind.INT8, KvKind.INT4, true), 3, false);
    private static final Tensor PAGES = Oracle.normal(4, DType.F32, 3, 1, 16, 64);

    private static Arguments fault(
            String name, String file, String right, String wrong, Supplier<KernelCall> call, Kind kind) {
        return Arguments.of(name, file, right, wrong, call, kind);
    }

    static Stream<Arguments> faults() {
        String barrier = "threadgroup_barrier(mem_flags::mem_threadgroup);";
        return Stream.of(
                fault(
                        "a missing barrier before the tiles are read",
                        "quantized_matmul.metal",
                        "N, K, K, t);\n  " + barrier,
                        "N, K, K, t);",
                        () -> QuantizedKernels.tile(X, W),
                        Kind.DATA_RACE),
                fault(
                        "a missing barrier before the tiles are overwritten",
                        "quantized_matmul.metal",
                        "k < K; k += 32) {\n  " + barrier,
                        "k < K; k += 32) {",
                        () -> QuantizedKernels.tile(X, W),
                        Kind.DATA_RACE),
                fault(
                        "off by one at the end of a row",
                        "softmax.metal",
                        "float most = -INFINITY;\nbool undefined = false;\nfor (uint i = first; i < n; i += step)",
                        "float most = -INFINITY;\nbool undefined = false;\nfor (uint i = first; i <= n; i += step)",
                        () -> SmallKernels.softmax(X.at("32:")),
                        Kind.OUT_OF_BOUNDS),
                fault(
                        "a race: every lane writes its SIMD group's place",
                        "rms_norm.metal",
                        "if (lane == 0) {\n    partial[simdgroup] = of_simdgroup;\n  }",
                        "partial[0] = of_simdgroup;",
                        () -> SmallKernels.rmsNorm(X, X.at(0), 1e-6f),
                        Kind.DATA_RACE),
                fault(
                        "an unguarded edge when tiles are loaded",
                        "quantized_matmul.metal",
                        "m0 + r < M && k < stop ? float(x",
                        "k < stop ? float(x",
                        () -> QuantizedKernels.tile(X, W),
                        Kind.OUT_OF_BOUNDS),
                fault(
                        "an unguarded edge when the tile is stored",
                        "quantized_matmul.metal",
                        "if (m0 + r < M && n0 + c < N) {",
                        "if (n0 + c < N) {",
                        () -> QuantizedKernels.tile(X, W),
                        Kind.OUT_OF_BOUNDS),
                fault(
                        "columns beyond the edge, which are the next row's first",
                        "quantized_matmul.metal",
                        "if (m0 + r < M && n0 + c < N) {",
                        "if (m0 + r < M && (m0 + r) * N + n0 + c < M * N) {",
                        () -> QuantizedKernels.tile(X, W),
                        Kind.DATA_RACE),
                fault(
                        "a barrier that one SIMD group alone reaches",
                        "attention_decode.metal",
                        "if (simdgroup == 0) {\n      float total = 0;",
                        "if (simdgroup == 0) {\n      " + barrier + "\n      float total = 0;",
                        () -> AttentionKernels.decode(Q.at(":, :, 0"), Q, Q, 1),
                        Kind.DIVERGENT_BARRIER),
                fault(
                        "partial sums of SIMD groups that do not exist",
                        "softmax.metal",
                        "simd_sum(lane < simdgroups ? partial[lane] : 0.0f)",
                        "simd_sum(partial[lane])",
                        () -> SmallKernels.softmax(X),
                        Kind.UNINITIALISED_READ),
                fault(
                        "a tail that is never written",
                        "axpy.metal",
                        "  for (uint j = 4 * i; j < n; ++j) {",
                        "  for (uint j = 4 * i; j + 1 < n; ++j) {",
                        () -> SmallKernels.axpy(
                                1, X.at(0).slice(0, 0, 63), X.at(1).slice(0, 0, 63), true),
                        Kind.UNWRITTEN_OUTPUT),
                fault(
                        "keys beyond the last",
                        "attention_prefill.metal",
                        "first + i / D < limit ? float(from[first * D + i]) * factor : 0.0f",
                        "float(from[first * D + i]) * factor",
                        () -> AttentionKernels.prefill(Q, Q, Q, 1, true),
                        Kind.OUT_OF_BOUNDS),
                fault(
                        "scores read before their SIMD group has met",
                        "attention_prefill.metal",
                        "  simdgroup_barrier(mem_flags::mem_threadgroup);\n\n  // Lane",
                        "\n\n  // Lane",
                        () -> AttentionKernels.prefill(Q, Q, Q, 1, true),
                        Kind.DATA_RACE),
                fault(
                        "keys looked up behind a sequence's last page",
                        "attention_prefill.metal",
                        "    if (key < keys) {\n      ulong row = (ulong(tables",
                        "    {\n      ulong row = (ulong(tables",
                        () -> PagedAttention.prefill(
                                Q.at(0).transpose(1, 0, 2),
                                PAGES,
                                PAGES,
                                List.of(new PagedAttention.Sequence(new int[] {2, 0, 1}, 3, 40)),
                                1),
                        Kind.OUT_OF_BOUNDS),
                fault(
                        "codes looked up behind a sequence's last page",
                        "attention_prefill.metal",
                        "    if (key < keys) {\n      ulong page = ulong(tables",
                        "    {\n      ulong page = ulong(tables",
                        () -> PagedAttention.prefill(
                                Q.at(0).transpose(1, 0, 2),
                                CODES.pages(true),
                                0,
                                List.of(new PagedAttention.Sequence(new int[] {2, 0, 1}, 3, 40)),
                                1),
                        Kind.OUT_OF_BOUNDS),
                fault(
                        "a query read before all of it is there",
                        "attention_decode.metal",
                        barrier + "\nSoftmax<PER_LANE> state;\nclear<PER_LANE>(state);\nfor (uint key = 16 *",
                        "Softmax<PER_LANE> state;\nclear<PER_LANE>(state);\nfor (uint key = 16 *",
                        () -> PagedAttention.decode(
                                Q.at(0).transpose(1, 0, 2).slice(0, 0, 2),
                                CODES.pages(true),
                                0,
                                List.of(new PagedAttention.Sequence(new int[] {2, 0, 1}, 30, 2)),
                                1),
                        Kind.DATA_RACE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void found(String name, String file, String right, String wrong, Supplier<KernelCall> call, Kind kind) {
        String text = MetalFolder.text(file);
        assertThat(text).as("the place of the fault").contains(right);
        KernelCall good = call.get();
        assertThat(good.inspect().report().findings()).isEmpty();
        MetalKernel kernel = good.kernel().withText(text.replace(right, wrong));
        KernelRun run = kernel.inspect(good.launch(), good.inputs().toArray(new Tensor[0]));
        assertThat(run.report().findings()).anySatisfy(f -> {
            assertThat(f.kind()).isEqualTo(kind);
            assertThat(f.line()).isBetween(kind == Kind.UNWRITTEN_OUTPUT ? 0 : 1, 400);
        });
    }
}
