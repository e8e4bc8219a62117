package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tinyllm.kernel.check.Problem;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Sources that a C++ compiler takes and Metal would not: each is refused by name, on its line. */
class MetalCheckerTest {

    private static List<Problem> check(String text) {
        return MetalKernel.of(text)
                .inputs("x", "few")
                .outputs("out")
                .check(
                        Launch.grid(64).group(64).output(DType.F32, 64),
                        Tensor.zeros(DType.F32, 64),
                        Tensor.zeros(DType.F32, 4));
    }

    private static String helper(String helpers, String body) {
        return helpers + "\n// BEGIN KERNEL one\n" + body + "\n// END KERNEL\n";
    }

    static Stream<Arguments> bad() {
        return Stream.of(
                Arguments.of("try { out[0] = x[0]; } catch (...) {}", 1, "Metal has no exceptions"),
                Arguments.of("\nif (x[0] > 0) { throw 1; }", 2, "throw: Metal has no exceptions"),
                Arguments.of("double d = x[0];\nout[0] = d;", 1, "Metal has no double"),
                Arguments.of("float* p = new float[4];\nout[0] = p[0];", 1, "new: Metal has no heap"),
                Arguments.of("float half = x[0];\nout[0] = half;", 1, "half is a word of Metal's own"),
                Arguments.of("out[0] = std::sqrt(x[0]);", 1, "Metal has no std"),
                Arguments.of("again:\nif (x[0] > 0) goto again;", 2, "goto"),
                Arguments.of("static int counter = 0;\nout[counter++] = 1;", 1, "no static variables"),
                Arguments.of("auto f = [&](float v) { return v; };\nout[0] = f(x[0]);", 1, "no lambdas"),
                Arguments.of("out[thread_postion_in_grid.x] = 1;", 1, "did you mean thread_position_in_grid?"),
                Arguments.of(
                        "uint i = thread_index_in_simd_group;\nout[i] = 1;",
                        1,
                        "did you mean thread_index_in_simdgroup?"),
                Arguments.of(
                        "uint thread_position_in_grid = 0;\nout[thread_position_in_grid] = 1;",
                        1,
                        "can't be declared again"),
                Arguments.of("float v = 1;\nfloat* p = &v;\nout[0] = *p;", 2, "needs an address space"),
                Arguments.of(
                        "const device float* p = x;\nthreadgroup float t[4];\np = t;\nout[0] = p[0];",
                        3,
                        "threadgroup"),
                Arguments.of("const device float* p = few;\nout[0] = p[0];", 1, "constant float const *"),
                Arguments.of("const threadgroup float* p = x;\nout[0] = p[0];", 1, "device float const *"),
                Arguments.of(
                        "threadgroup float t[4];\ndevice float4* p = (device float4*)t;\np[0] = float4(1);\nout[0] = 1;",
                        2,
                        "t is in threadgroup memory; a cast can't move it to device"),
                Arguments.of(
                        "const device float4* p = (const device float4*)&few[0];\nout[0] = p[0].x;",
                        1,
                        "few is in constant memory; a cast can't move it to device"),
                Arguments.of("x[0] = 1;\nout[0] = 1;", 1, "read-only"),
                Arguments.of("out[0] = dot(x, x);", 1, ""),
                Arguments.of(
                        helper("struct A { virtual float f() { return 1; } };", "A a;\nout[0] = a.f();"), 1, "virtual"),
                Arguments.of(
                        helper("int down(int n) {\n  return n < 1 ? 0 : down(n - 1);\n}", "out[0] = down(3);"),
                        1,
                        "Metal has no recursion, and down calls itself: down -> down"),
                Arguments.of(
                        helper(
                                "int ping(int n);\nint pong(int n) { return ping(n - 1); }\nint ping(int n) { return n < 0 ? 0 : pong(n); }",
                                "out[0] = ping(3);"),
                        2,
                        "pong -> ping -> pong"),
                Arguments.of(
                        helper("float first(float* p) { return p[0]; }", "out[0] = first(x);"),
                        1,
                        "needs an address space"),
                Arguments.of(
                        helper("float first(threadgroup float* p) { return p[0]; }", "\nout[0] = first(x);"),
                        4,
                        "no matching function"),
                Arguments.of(helper("#include <vector>", "out[0] = 1;"), 1, "includes nothing but"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void refused(String text, int line, String words) {
        assertThat(check(text)).anySatisfy(p -> {
            assertThat(p.line()).isEqualTo(line);
            assertThat(p.text()).contains(words);
        });
    }

    @Test
    void goodCodePasses() {
        String text = helper("""
                template <typename T>
                inline float total(const threadgroup T* p, thread float& most, uint n) {
                  float sum = 0;
                  for (uint i = 0; i < n; ++i) {
                    sum += float(p[i]);
                    most = max(most, float(p[i]));
                  }
                  return sum;
                }
                constant float table[4] = {0.5, 1, 2, 4};
                """, """
                threadgroup float tile[2][33];
                threadgroup half halves[64];
                uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup;
                tile[simdgroup_index_in_threadgroup][lane] = x[t] * few[t % 4] + table[t % 4];
                halves[t] = half(x[t]);
                threadgroup_barrier(mem_flags::mem_threadgroup);
                const device float4* x4 = (const device float4*)x;
                float4 four = x4[t / 4] * 2.0 + float4(1, 2, 3, 4);
                float most = -INFINITY;
                float sum = total(tile[0], most, 32) + total(halves, most, 3) + dot(four, four) + four.zw.x;
                simdgroup_float8x8 m, d = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
                simdgroup_load(m, x, 8);
                simdgroup_multiply_accumulate(d, m, m, d);
                out[t] = exp2(simd_sum(sum) * M_LOG2E_F) + most + d.thread_elements()[0];
                """);
        assertThat(check(text)).isEmpty();
    }
}
