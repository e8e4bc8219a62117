package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.host.CompileException;
import tinyllm.kernel.host.Finding.Kind;
import tinyllm.kernel.host.HostOptions;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Plain C++ in the guarded runner. */
class CppKernelTest {
    private static final List<Launch.Output> EIGHT = List.of(new Launch.Output(DType.F32, new int[] {8}));
    private static final Tensor X = Tensor.arange(8).astype(DType.F32);

    private static final String TWICE = """
            #include <numeric>
            void twice(const float* x, float* out, int n) {
              std::vector<float> copy(x, x + n);  // the heap is C++'s own
              for (int i = 0; i < n; ++i) {
                out[i] = 2 * copy[i];
              }
            }
            """;

    @Test
    void runs() {
        Tensor out = CppKernel.of(TWICE, "twice").run(EIGHT, new int[] {8}, X).getFirst();
        assertThat(out.toFloats()).containsExactly(0, 2, 4, 6, 8, 10, 12, 14);
    }

    @Test
    void isTimedAtFullSpeed() {
        assertThat(CppKernel.of(TWICE, "twice").time(EIGHT, new int[] {8}, 5, X))
                .isPositive();
    }

    @Test
    void anOverrunIsNamed() {
        String text =
                "void first(const float* x, float* out, int n) {\n  for (int i = 0; i <= n; ++i)\n    out[i] = x[i];\n}\n";
        assertThatThrownBy(() -> CppKernel.of(text, "first").run(EIGHT, new int[] {8}, X))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("line 3")
                .hasMessageContaining("reads input_0[8], and input_0 has 8 elements");
    }

    @Test
    void aCrashIsASentence() {
        String text = "void bad(const float* x, float* out, int n) {\n  *(volatile int*)8 = 1;\n  out[0] = x[n];\n}\n";
        KernelRun run = CppKernel.of(text, "bad").inspect(HostOptions.DEFAULT, EIGHT, new int[] {1}, X);
        assertThat(run.report().findings()).hasSize(1).first().satisfies(f -> {
            assertThat(f.kind()).isEqualTo(Kind.CRASH);
            assertThat(f.line()).isEqualTo(2);
            assertThat(f.text()).contains("Segmentation fault");
        });
    }

    @Test
    void anOverrunAtFullSpeedEndsAtTheGuard() {
        String text =
                "void far(const float* x, float* out, int n) {\n  for (int i = 0; i < n; ++i) out[i] = x[i] + 1;\n}\n";
        assertThatThrownBy(() -> CppKernel.of(text, "far").time(EIGHT, new int[] {1 << 20}, 2, X))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("touches");
    }

    @Test
    void exitsAndAbortsAreSentences() {
        String exits = "#include <cstdlib>\nvoid leave(const float* x, float* out) { std::exit(7); }\n";
        assertThat(CppKernel.of(exits, "leave")
                        .inspect(HostOptions.DEFAULT, EIGHT, new int[0], X)
                        .report()
                        .sentences())
                .contains("exit code 7");
        String aborts = "#include <cstdlib>\nvoid leave(const float* x, float* out) { std::abort(); }\n";
        assertThat(CppKernel.of(aborts, "leave")
                        .inspect(HostOptions.DEFAULT, EIGHT, new int[0], X)
                        .report()
                        .has(Kind.CRASH))
                .isTrue();
    }

    @Test
    void printingIsKept() {
        String text =
                "#include <cstdio>\nvoid say(const float* x, float* out) {\n  for (int i = 0; i < 8; ++i) out[i] = x[i];\n  std::printf(\"hello %g\\n\", x[1]);\n}\n";
        assertThat(CppKernel.of(text, "say")
                        .inspect(HostOptions.DEFAULT, EIGHT, new int[0], X)
                        .report()
                        .printed())
                .isEqualTo("hello 1\n");
    }

    @Test
    void aWrongSignatureSaysWhatIsCalled() {
        assertThatThrownBy(() -> CppKernel.of("void one(float x) {}", "one").run(EIGHT, new int[] {8}, X))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining("the call of one");
    }
}
