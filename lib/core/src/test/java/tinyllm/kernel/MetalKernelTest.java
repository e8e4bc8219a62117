package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The file format, MLX's rules for the function around a body, and what a wrong call is told. */
class MetalKernelTest {
    private static final Tensor X = Tensor.arange(6).astype(DType.F32).reshape(2, 3);

    @Test
    void shapesStridesAndRankExistIfTheBodyNamesThem() {
        String body = "out[0] = x_shape[0] * 100 + x_shape[1] * 10 + x_ndim;\nout[1] = float(x_strides[0]);\n";
        Tensor out = MetalKernel.of(body)
                .inputs("x")
                .outputs("out")
                .run(Launch.grid(1).output(DType.F32, 2), X)
                .getFirst();
        assertThat(out.toFloats()).containsExactly(232, 3);
        assertThatThrownBy(() -> MetalKernel.of("out[0] = y_shape[0];")
                        .inputs("x")
                        .outputs("out")
                        .run(Launch.grid(1).output(DType.F32, 1), X)
                        .getFirst()
                        .eval())
                .hasMessageContaining("y_shape");
    }

    @Test
    void scalarsAreReferences() {
        Tensor out = MetalKernel.of("out[0] = a + x[5];")
                .inputs("a", "x")
                .outputs("out")
                .run(Launch.grid(1).output(DType.F32, 1), Tensor.scalar(0.5), X)
                .getFirst();
        assertThat(out.item()).isEqualTo(5.5);
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"F64"})
    void everyDtypeGoesInAndOut(DType dtype) {
        Tensor x = Tensor.of(new int[] {0, 1, 1, 0}).astype(dtype);
        Tensor out = MetalKernel.of("uint i = thread_position_in_grid.x;\nout[i] = x[3 - i];")
                .inputs("x")
                .outputs("out")
                .run(Launch.grid(4).output(dtype, 4), x)
                .getFirst();
        assertThat(out.dtype()).isEqualTo(dtype);
        assertThat(out.toInts()).containsExactly(0, 1, 1, 0);
    }

    @Test
    void fractionsSurviveInSmallFloats() {
        float[] values = {0.333f, -1e-6f, 65504, Float.POSITIVE_INFINITY, -0.0f};
        for (DType dtype : List.of(DType.F16, DType.BF16)) {
            Tensor x = Tensor.of(values).astype(dtype);
            Tensor out = MetalKernel.of("uint i = thread_position_in_grid.x;\nout[i] = T(float(x[i]));")
                    .inputs("x")
                    .outputs("out")
                    .run(Launch.grid(5).output(dtype, 5).template("T", dtype), x)
                    .getFirst();
            assertThat(out.toFloats()).containsExactly(x.toFloats());
        }
    }

    @Test
    void attributesOfAGridInThreeDimensions() {
        String body = """
                uint3 p = thread_position_in_grid;
                uint at = (p.z * threads_per_grid.y + p.y) * threads_per_grid.x + p.x;
                out[at] = thread_index_in_threadgroup + 100 * threadgroup_position_in_grid.y + 1000 * simdgroups_per_threadgroup
                    + 10000 * thread_position_in_threadgroup.z;
                """;
        Tensor out = MetalKernel.of(body)
                .outputs("out")
                .run(Launch.grid(4, 4, 2).group(4, 2, 2).output(DType.F32, 2, 4, 4))
                .getFirst();
        assertThat(out.item(1, 3, 2)).isEqualTo(2 + 4 + 8 + 100 + 1000 + 10000);
    }

    /** Every attribute that MLX passes, alone in a body. */
    @ParameterizedTest
    @EnumSource(KernelSignature.Attribute.class)
    void everyAttributeIsThere(KernelSignature.Attribute attribute) {
        String part = attribute.type().equals("uint3") ? ".x" : "";
        String body = "out[thread_position_in_grid.x] = 1 + " + attribute.word() + part + ";";
        MetalKernel kernel = MetalKernel.of(body).outputs("out");
        Launch launch = Launch.grid(64).group(64).output(DType.F32, 64);
        float last = kernel.run(launch).getFirst().toFloats()[63];
        float expected = switch (attribute) {
            case GRID_ORIGIN, THREADGROUP_POSITION_IN_GRID -> 1;
            case SIMDGROUP_INDEX_IN_THREADGROUP, THREADGROUPS_PER_GRID -> 2;
            case SIMDGROUPS_PER_THREADGROUP, DISPATCH_SIMDGROUPS_PER_THREADGROUP -> 3;
            case THREAD_INDEX_IN_QUADGROUP -> 4;
            case QUADGROUP_INDEX_IN_THREADGROUP -> 16;
            case QUADGROUPS_PER_THREADGROUP, DISPATCH_QUADGROUPS_PER_THREADGROUP -> 17;
            case THREAD_INDEX_IN_SIMDGROUP -> 32;
            case THREADS_PER_SIMDGROUP, THREAD_EXECUTION_WIDTH -> 33;
            case THREAD_INDEX_IN_THREADGROUP, THREAD_POSITION_IN_GRID, THREAD_POSITION_IN_THREADGROUP -> 64;
            default -> 65;
        };
        assertThat(last).isEqualTo(expected);
        assertThat(kernel.check(launch)).isEmpty();
    }

    @Test
    void initialValues() {
        Tensor out = MetalKernel.of("if (thread_position_in_grid.x == 1) { out[1] = 5; }")
                .outputs("out")
                .run(Launch.grid(3).output(DType.F32, 3).initial(7))
                .getFirst();
        assertThat(out.toFloats()).containsExactly(7, 5, 7);
    }

    @Test
    void atomicsDoNotRace() {
        String body =
                "atomic_fetch_add_explicit((device atomic_uint*)out, thread_position_in_grid.x, memory_order_relaxed);";
        Tensor out = MetalKernel.of(body)
                .outputs("out")
                .run(Launch.grid(128).group(32).output(DType.U32, 1).initial(0))
                .getFirst();
        assertThat(out.item()).isEqualTo(127 * 64);
    }

    @Test
    void simdOperations() {
        String body = """
                uint lane = thread_index_in_simdgroup;
                float v = float(lane);
                out[lane] = simd_sum(v);
                out[32 + lane] = simd_shuffle_xor(v, 1);
                out[64 + lane] = simd_prefix_exclusive_sum(v);
                out[96 + lane] = quad_sum(v);
                out[128 + lane] = simd_shuffle_down(v, 3);
                out[160 + lane] = simd_broadcast_first(v + 7) + (simd_all(lane < 32) ? 100 : 0) + (simd_any(lane == 40) ? 1000 : 0);
                float part = 0;
                if (lane % 2 == 0) {
                  part = simd_sum(v);
                } else {
                  part = simd_max(v);
                }
                out[192 + lane] = part;
                """;
        float[] out = MetalKernel.of(body)
                .outputs("out")
                .run(Launch.grid(32).output(DType.F32, 224))
                .getFirst()
                .toFloats();
        assertThat(out[5]).isEqualTo(496);
        assertThat(out[32 + 6]).isEqualTo(7);
        assertThat(out[64 + 4]).isEqualTo(6);
        assertThat(out[96 + 9]).isEqualTo(8 + 9 + 10 + 11);
        assertThat(out[128 + 4]).isEqualTo(7);
        assertThat(out[160 + 31]).isEqualTo(107);
        assertThat(out[192 + 2]).isEqualTo(240);
        assertThat(out[192 + 3]).isEqualTo(31);
    }

    @Test
    void vectorsAndSwizzles() {
        String body = """
                float4 v = float4(1, 2, 3, 4);
                v.xy = v.zw;
                float2 w = v.xy * 10.0f + float2(0.5f);
                out[0] = w.x; out[1] = w.y; out[2] = dot(v, v); out[3] = max(v, float4(3.5f)).z;
                uint3 u = uint3(1, 2, 3) << 2u;
                out[4] = u.z; out[5] = as_type<float>(as_type<uint>(1.5f)); out[6] = clamp(9.0f, 0.0f, 1.0f);
                half4 h = half4(v); out[7] = float(h.w) + float(half(0.1f) + half(0.2f));
                """;
        float[] out = MetalKernel.of(body)
                .outputs("out")
                .run(Launch.grid(1).output(DType.F32, 8))
                .getFirst()
                .toFloats();
        assertThat(out).startsWith(30.5f, 40.5f, 50, 3.5f, 12, 1.5f, 1);
        assertThat(out[7]).isEqualTo(4.2998047f); // 0.1 and 0.2 as halves, and their sum rounded to one
    }

    @Test
    void aFileHoldsHelpersAndKernels() {
        String text = "float twice(float v) { return 2 * v; }\n// BEGIN KERNEL a\nout[0] = twice(1);\n// END KERNEL\n\n"
                + "// BEGIN KERNEL b\nout[0] = twice(2);\n// END KERNEL\n";
        assertThat(KernelSource.all(text)).extracting(KernelSource::name).containsExactly("a", "b");
        assertThat(KernelSource.named(text, "b").bodyLine()).isEqualTo(7);
        assertThat(MetalKernel.of(text, "b")
                        .outputs("out")
                        .run(Launch.grid(1).output(DType.F32, 1))
                        .getFirst()
                        .item())
                .isEqualTo(4);
        assertThatThrownBy(() -> KernelSource.only(text)).hasMessage("The text holds the kernels a, b: say which one");
        assertThatThrownBy(() -> KernelSource.named(text, "c")).hasMessageContaining("it holds a, b");
    }

    static Stream<Arguments> badFiles() {
        return Stream.of(
                Arguments.of("// BEGIN KERNEL a\nout[0] = 1;\n", "line 1: the kernel a has no END KERNEL"),
                Arguments.of("// END KERNEL\n", "line 1: END KERNEL without a BEGIN KERNEL before it"),
                Arguments.of(
                        "// BEGIN KERNEL a\n// END KERNEL\n// BEGIN KERNEL a\n// END KERNEL\n",
                        "line 3: there are two kernels a"),
                Arguments.of("// BEGIN KERNEL 1a\n// END KERNEL\n", "line 1: 1a is no name for a kernel"),
                Arguments.of("// BEGIN KERNEL a\n// END KERNEL\nint x;\n", "line 3: code stands after a kernel"));
    }

    @ParameterizedTest
    @MethodSource("badFiles")
    void badFile(String text, String message) {
        assertThatThrownBy(() -> KernelSource.all(text))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining(message);
    }

    static Stream<Arguments> badCalls() {
        MetalKernel kernel = MetalKernel.of("out[0] = x[0];").inputs("x").outputs("out");
        return Stream.of(
                Arguments.of(
                        kernel,
                        Launch.grid(100).group(32).output(DType.F32, 1),
                        "the grid's 100 threads along x are not a multiple of the threadgroup's 32; take 128"),
                Arguments.of(kernel, Launch.grid(2048).output(DType.F32, 1), "has 2048 threads; at most 1024"),
                Arguments.of(kernel, Launch.grid(1, 0).output(DType.F32, 1), "at least one thread along y"),
                Arguments.of(kernel, Launch.grid(1), "has the outputs [out], and the launch describes 0"),
                Arguments.of(
                        kernel.inputs("x", "y"),
                        Launch.grid(1).output(DType.F32, 1),
                        "takes the inputs [x, y], and 1 tensors were given"),
                Arguments.of(kernel.outputs("x"), Launch.grid(1).output(DType.F32, 1), "two parameters are called x"),
                Arguments.of(
                        kernel.inputs("a b"),
                        Launch.grid(1).output(DType.F32, 1),
                        "'a b' can't be the name of a parameter"),
                Arguments.of(kernel, Launch.grid(1).output(DType.F64, 1), "Metal has no F64"),
                Arguments.of(kernel, Launch.grid(1).output(DType.F32, 0), "out of shape [0] has no elements"));
    }

    @ParameterizedTest
    @MethodSource("badCalls")
    void badCall(MetalKernel kernel, Launch launch, String message) {
        assertThatThrownBy(() -> kernel.run(launch, X))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining(message);
    }

    @Test
    void threadgroupDeclarations() {
        KernelSource source = new KernelSource(
                "k",
                "",
                "threadgroup float a[4][N + 1], b; // threadgroup float c;\nthreadgroup float* p = a[0];\nthreadgroup metal::vec<float, 4> v[2];\n",
                10);
        assertThat(ThreadgroupVariables.asMacros(source))
                .isEqualTo("TINYLLM_THREADGROUP(a, 10, float[4][N+1]); TINYLLM_THREADGROUP(b, 10, float);"
                        + " // threadgroup float c;\nthreadgroup float* p = a[0];\n"
                        + "TINYLLM_THREADGROUP(v, 12, metal::vec<float, 4>[2]);\n");
        assertThatThrownBy(
                        () -> ThreadgroupVariables.asMacros(new KernelSource("k", "", "threadgroup float a = 1;", 3)))
                .hasMessageContaining("line 3: threadgroup memory can't be initialised");
    }

    @Test
    void cudaGetsDeviceFunctionsAndNoAddressSpaces() {
        String text = """
                template <typename T>
                T twice(const device T* p) { return 2 * p[0]; } // device
                struct Pair { float a; float sum() const { return a; } };
                constant float table[2] = {1, 2};
                // BEGIN KERNEL k
                threadgroup float t[2];
                out[0] = twice(x) + table[0];
                // END KERNEL
                """;
        KernelSource source = KernelSource.only(text);
        assertThat(CudaText.header(source))
                .contains("template <typename T>\n__device__ T twice(const        T* p)")
                .contains("// device")
                .contains("__device__ float sum() const")
                .contains("__constant__ float table[2]");
        KernelSignature signature = MetalKernel.of(text)
                .inputs("x", "a")
                .outputs("out")
                .signature(Launch.grid(1).output(DType.F32, 1), X, Tensor.scalar(1));
        assertThat(CudaText.body(source, signature))
                .contains("const float& a = *a_pointer;")
                .contains("#line 6 \"kernel.metal\"\nTINYLLM_THREADGROUP(t, 6, float[2]);");
    }

    @Test
    void wrongShapesAreNamed() {
        Tensor x = Tensor.zeros(DType.F32, 2, 64);
        assertThatThrownBy(() -> Oracle.weights(1, 8, 64, 4, 48, DType.F32)).hasMessageContaining("groups of 48");
        assertThatThrownBy(() -> new QuantizedKernels.Weights(
                        Tensor.zeros(DType.U32, 8, 8),
                        Tensor.zeros(DType.F32, 2, 2),
                        Tensor.zeros(DType.F32, 8, 2),
                        4,
                        32))
                .hasMessageContaining("scales of shape [2, 2] does not fit; it has to be [8, 2]");
        assertThatThrownBy(() -> new QuantizedKernels.Weights(
                        Tensor.zeros(DType.U32, 8, 8),
                        Tensor.zeros(DType.F32, 8, 2),
                        Tensor.zeros(DType.F32, 8, 2),
                        7,
                        32))
                .hasMessageContaining("7 bits");
        assertThatThrownBy(() -> QuantizedKernels.matvec(x, Oracle.weights(1, 8, 96, 4, 32, DType.F32)))
                .hasMessageContaining("x has rows of 64 values, and the weights take 96");
        assertThatThrownBy(() -> SmallKernels.rmsNorm(x, Tensor.zeros(DType.F32, 63), 1e-6f))
                .hasMessageContaining("weight of shape [63] does not fit rows of 64");
        Tensor q = Tensor.zeros(DType.F32, 1, 3, 5, 64);
        assertThatThrownBy(() -> AttentionKernels.prefill(q, q.at(":, :2"), q.at(":, :2"), 1, true))
                .hasMessageContaining("3 query heads can't share 2 key heads evenly");
        assertThatThrownBy(() -> AttentionKernels.prefill(q, q.at(":, :, :3"), q.at(":, :, :3"), 1, true))
                .hasMessageContaining("5 queries can't be the last positions of 3 keys");
        assertThatThrownBy(() -> AttentionKernels.prefill(q, q, q, Tensor.zeros(DType.F32, 4, 5), 1))
                .hasMessageContaining("a mask of shape [4, 5] can't be broadcast to [1, 3, 5, 5]");
        assertThatThrownBy(() -> AttentionKernels.prefill(q, q, q, Tensor.zeros(DType.I32, 5, 5), 1))
                .hasMessageContaining("mask");
    }
}
