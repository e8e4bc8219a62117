package tinyllm.lab.challenge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tinyllm.course.ReferenceUse;
import tinyllm.kernel.CppKernel;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.challenge.Challenge.CppCall;
import tinyllm.lab.challenge.ChallengeResult.Row;
import tinyllm.lab.check.TodoException;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The truth comes first; then places, by time or by counts. */
@DisabledOnOs(OS.MAC)
@Tag("slow")
class ContestTest {

    /** Doubles values. */
    interface Twice extends UnaryOperator<float[]> {}

    private static final int N = 4096;

    private static final Challenge<Twice, float[]> TIMED = Challenge.timed(
                    "9.9 twice", Twice.class, ContestTest::values)
            .title("every value twice")
            .size(() -> "x [4096]")
            .truth(x -> Tensor.of(x).mul(2), 0, 1e-6)
            .bytes(x -> 8L * x.length)
            .naive(x -> () -> {
                pause(20);
                return twice(x);
            })
            .yours((answer, x) -> () -> answer.apply(x))
            .cpp(x -> new CppCall(
                    "twice",
                    List.of(new Launch.Output(DType.F32, new int[] {N})),
                    new int[] {N},
                    List.of(Tensor.of(x))))
            .way("ours", x -> () -> twice(x))
            .way("MLX", x -> {
                Tensor t = Tensor.of(x);
                return () -> t.mul(2);
            })
            .build();

    private static final String BODY = "uint i = thread_position_in_grid.x;\nout[i] = 2 * x[i];\n";

    private static final Challenge<KernelText, Tensor> COUNTED = Challenge.counted(
                    "9.9 twice on a GPU", KernelText.class, seed -> Tensor.of(values(seed)))
            .title("every value twice")
            .truth(x -> x.mul(2), 0, 1e-6)
            .bytes(x -> 8L * N)
            .naive((gpu, x) -> metal(
                    "uint i = thread_position_in_grid.x % 64 * 64 + thread_position_in_grid.x / 64;\n"
                            + "out[i] = 2 * x[i];\n",
                    gpu, x))
            .yours((answer, gpu, x) -> metal(answer.text(), gpu, x))
            .way("ours", (gpu, x) -> metal(BODY, gpu, x))
            .onGpu("MLX", x -> () -> x.mul(2), "runs on a GPU alone")
            .build();

    private static float[] values(long seed) {
        return Tensor.normal(seed, N).toFloats();
    }

    private static float[] twice(float[] x) {
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = 2 * x[i];
        }
        return y;
    }

    private static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Tensor metal(String text, Launcher gpu, Tensor x) {
        MetalKernel kernel = MetalKernel.of(text).inputs("x").outputs("out");
        return gpu.run(kernel, Launch.grid(N).group(64).output(DType.F32, N), x).getFirst();
    }

    private static ChallengeResult run(Challenge<?, ?> challenge, Supplier<?>... answers) {
        return new Contest<>(challenge, true).run(List.of(answers));
    }

    private static Row row(ChallengeResult result, String name) {
        return result.rows().stream()
                .filter(r -> r.name().startsWith(name))
                .findFirst()
                .orElseThrow();
    }

    static final class Loop implements Twice {
        @Override
        public float[] apply(float[] x) {
            return twice(x);
        }
    }

    @Test
    void aRightAnswerGetsAPlaceByTime() {
        ChallengeResult result = run(TIMED, Loop::new);

        assertThat(result.rows()).extracting(Row::name).containsExactly("naive", "yours: Loop", "ours", "MLX");
        assertThat(result.rows()).allMatch(Row::placed);
        assertThat(row(result, "naive").value()).isGreaterThan(19);
        assertThat(result.yours()).get().matches(r -> r.value() < 10);
        assertThat(result.key()).isEqualTo("9.9 twice | x [4096] | ms");
        assertThat(result.text()).contains("median ms", "GB/s", "yours: Loop", "of the time of naive");
        assertThat(result.html()).contains("<table").doesNotContain("<script");
    }

    @Test
    void aCppSourceRunsBesideJava() {
        ChallengeResult result = run(
                TIMED,
                Loop::new,
                () -> CppKernel.of(
                        "void f(const float* x, float* y, int n) { for (int i = 0; i < n; ++i) y[i] = 2 * x[i]; }",
                        "f"),
                () -> "void twice(const float* x, float* y, int n) { for (int i = 0; i <= n; ++i) y[i] = 2 * x[i]; }");

        assertThat(result.rows().get(2).placed()).isTrue();
        assertThat(result.rows().get(3).problem()).contains("line 1");
        assertThat(result.yours()).isPresent();
    }

    @Test
    void whatIsWrongGetsNoPlace() {
        ChallengeResult result = run(
                TIMED,
                () -> (Twice) x -> x,
                () -> (Twice) x -> null,
                () -> (Twice) x -> {
                    throw new TodoException("double it");
                },
                () -> (Twice) x -> {
                    throw new IllegalStateException("broken");
                },
                () -> "no C++",
                Object::new,
                () -> null);

        assertThat(result.yours()).isEmpty();
        List<String> problems =
                result.rows().subList(1, 8).stream().map(Row::problem).toList();
        assertThat(problems.get(0)).startsWith("wrong: ");
        assertThat(problems.get(1)).contains("null was returned");
        assertThat(problems.get(2)).isEqualTo("not solved yet: double it");
        assertThat(problems.get(3)).contains("broken");
        assertThat(problems.get(4)).contains("line 1");
        assertThat(problems.get(5)).contains("is no Twice and no C++ source");
        assertThat(problems.get(6)).contains("gave null");
        assertThat(result.text()).contains("no place. wrong: ");
        assertThat(row(result, "ours").placed()).isTrue();
    }

    @Test
    void anEndlessLoopIsLeftBehind() {
        ChallengeResult result = new Contest<>(TIMED, true, 200).run(List.of(() -> (Twice) x -> {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            return x;
        }));

        assertThat(result.rows().get(1).problem()).contains("did not finish within 0.2 s");
    }

    @Test
    void theLibrarysOwnIsNoBestOfTheLearner() {
        ChallengeResult result = run(TIMED, () -> (Twice) x -> {
            ReferenceUse.note("9.9 twice");
            return twice(x);
        });

        assertThat(result.rows().get(1).name()).contains("the library's own");
        assertThat(result.yours()).isEmpty();
    }

    @Test
    void metalIsCountedOnTheHost() {
        ChallengeResult result = run(COUNTED, () -> (KernelText) () -> BODY, () -> BODY);

        Row naive = row(result, "naive");
        Row yours = result.yours().orElseThrow();
        assertThat(yours.value()).isEqualTo(2 * N * 4 / 128.0);
        assertThat(naive.value()).isEqualTo(2 * N); // each lane in a segment of its own
        assertThat(yours.counts()).isEqualTo(new Launcher.Counts(1, 256, 8L * N, 0, 0));
        assertThat(row(result, "MLX").problem()).isEqualTo("runs on a GPU alone");
        assertThat(result.unit()).isEqualTo("transactions");
        assertThat(result.text()).contains("device kB", "not how fast a GPU would be", "fewer than 32.8 kB");
    }

    @Test
    void aRaceGetsNoPlaceAndNamesTheLine() {
        ChallengeResult result = run(COUNTED, () -> "uint i = thread_position_in_grid.x;\nout[i / 2] = 2 * x[i];\n");

        assertThat(result.rows().get(1).placed()).isFalse();
        assertThat(result.rows().get(1).problem()).contains("line 2");
    }

    @Test
    void aStubInATextIsNoFault() {
        ChallengeResult result = run(COUNTED, () -> "uint i = thread_position_in_grid.x;\ntodo(\"write out\");\n");

        assertThat(result.rows().get(1).problem()).isEqualTo("not solved yet: write out");
    }

    @Test
    void anInterruptEndsIt() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> run(TIMED, Loop::new)).isInstanceOf(CancellationException.class);
        } finally {
            Thread.interrupted();
        }
    }
}
