package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import tinyllm.kernel.host.CompileException;
import tinyllm.kernel.host.Finding;
import tinyllm.kernel.host.Finding.Kind;
import tinyllm.kernel.host.HostOptions;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Kernels with one fault each: the detector names it, its line and its thread. */
class DetectorsTest {
    private static final Tensor X = Tensor.arange(64).astype(DType.F32);

    private static KernelRun inspect(String body) {
        return inspect(body, Launch.grid(64).group(64).output(DType.F32, 64));
    }

    private static KernelRun inspect(String body, Launch launch) {
        return MetalKernel.of(body).inputs("x").outputs("out").inspect(launch, X);
    }

    private static Finding only(KernelRun run, Kind kind) {
        List<Finding> found =
                run.report().findings().stream().filter(f -> f.kind() == kind).toList();
        assertThat(found).as("findings: %s", run.report().findings()).hasSize(1);
        return found.getFirst();
    }

    @Test
    void readBeyondTheEnd() {
        Finding found = only(inspect("uint i = thread_position_in_grid.x;\nout[i] = x[i + 1];\n"), Kind.OUT_OF_BOUNDS);
        assertThat(found.sentence()).isEqualTo("line 2: thread (63, 0, 0) reads x[64], and x has 64 elements (float)");
    }

    @Test
    void writeBeforeTheStart() {
        Finding found =
                only(inspect("int i = int(thread_position_in_grid.x);\n\nout[i - 1] = x[i];\n"), Kind.OUT_OF_BOUNDS);
        assertThat(found.sentence())
                .isEqualTo("line 3: thread (0, 0, 0) writes out[-1], and out has 64 elements (float)");
    }

    @Test
    void farAway() {
        Finding found = only(
                inspect("uint i = thread_position_in_grid.x;\nout[i] = x[i + 1000000000u];\n"), Kind.OUT_OF_BOUNDS);
        assertThat(found.line()).isEqualTo(2);
    }

    @Test
    void nullPointer() {
        Finding found = only(inspect("const device float* p = nullptr;\nout[0] = *p;\n"), Kind.OUT_OF_BOUNDS);
        assertThat(found.sentence()).isEqualTo("line 2: thread (0, 0, 0) reads through a null pointer");
    }

    @Test
    void localArrayOverrun() {
        Finding found = only(
                inspect("float mine[4] = {1, 2, 3, 4};\nuint i = thread_position_in_grid.x;\nout[i] = mine[i % 5];\n"),
                Kind.OUT_OF_BOUNDS);
        assertThat(found.sentence()).isEqualTo("line 3: thread (4, 0, 0) uses index 4 of an array of type 'float [4]'");
    }

    @Test
    void threadgroupOverrun() {
        String body = """
                threadgroup float tile[64];
                uint t = thread_index_in_threadgroup;
                threadgroup float* p = tile;
                p[t + 1] = x[t];
                threadgroup_barrier(mem_flags::mem_threadgroup);
                out[t] = tile[t];
                """;
        assertThat(only(inspect(body), Kind.OUT_OF_BOUNDS).sentence())
                .isEqualTo("line 4: thread (63, 0, 0) writes tile[64], and tile has 64 elements of threadgroup memory");
    }

    @Test
    void missingBarrier() {
        String body = """
                threadgroup float tile[64];
                uint t = thread_index_in_threadgroup;
                tile[t] = x[t];
                out[t] = tile[63 - t];
                """;
        KernelRun run = inspect(body);
        assertThat(run.report().findings()).isNotEmpty().allSatisfy(f -> {
            assertThat(f.kind()).isEqualTo(Kind.DATA_RACE);
            assertThat(List.of(f.line(), f.otherLine())).containsExactlyInAnyOrder(3, 4);
            assertThat(f.text()).contains("with no threadgroup_barrier(mem_flags::mem_threadgroup) between");
        });
    }

    @Test
    void barrierOfTheWrongMemory() {
        String body = """
                threadgroup float tile[64];
                uint t = thread_index_in_threadgroup;
                tile[t] = x[t];
                threadgroup_barrier(mem_flags::mem_device);
                out[t] = tile[63 - t];
                """;
        assertThat(inspect(body).report().has(Kind.DATA_RACE)).isTrue();
        assertThat(inspect(body.replace("mem_device", "mem_threadgroup"))
                        .report()
                        .findings())
                .isEmpty();
    }

    @Test
    void raceInDeviceMemory() {
        String body = "uint i = thread_position_in_grid.x;\nout[i] = x[i];\nif (i == 5) {\n  out[6] = 1;\n}\n";
        Finding found = only(inspect(body), Kind.DATA_RACE);
        assertThat(List.of(found.line(), found.otherLine())).containsExactlyInAnyOrder(2, 4);
    }

    @Test
    void raceBetweenThreadgroups() {
        Finding found = only(
                inspect(
                        "uint t = thread_index_in_threadgroup;\nout[t] = x[t];\n",
                        Launch.grid(64).group(32).output(DType.F32, 32)),
                Kind.DATA_RACE);
        assertThat(found.text()).contains("different threadgroups, which run in any order");
    }

    @Test
    void insideASimdGroupItsOwnBarrierIsEnough() {
        String body = """
                threadgroup float tile[64];
                uint t = thread_index_in_threadgroup, first = t / 32 * 32, lane = thread_index_in_simdgroup;
                tile[t] = x[t];
                simdgroup_barrier(mem_flags::mem_threadgroup);
                out[t] = tile[first + 31 - lane];
                """;
        KernelRun run = inspect(body);
        assertThat(run.report().findings()).isEmpty();
        assertThat(run.output().toFloats()[33]).isEqualTo(62);
        assertThat(run.report().counts().simdBarriers()).isEqualTo(2);
    }

    @Test
    void uninitialisedThreadgroupMemory() {
        String body = """
                threadgroup float tile[64];
                uint t = thread_index_in_threadgroup;
                if (t != 7) {
                  tile[t] = x[t];
                }
                threadgroup_barrier(mem_flags::mem_threadgroup);
                out[t] = tile[63 - t];
                """;
        assertThat(only(inspect(body), Kind.UNINITIALISED_READ).sentence())
                .isEqualTo("line 7: thread (56, 0, 0) reads tile[7], which nobody has written in this group: "
                        + "threadgroup memory starts undefined");
    }

    @Test
    void aThreadsOwnVariableThatNobodyWrote() {
        String body = """
                uint t = thread_index_in_threadgroup;
                float sum;
                for (uint i = 0; i < 4; ++i) {
                  sum += x[t];
                }
                out[t] = sum;
                """;
        KernelRun run = inspect(body);
        assertThat(only(run, Kind.UNINITIALISED_READ).sentence())
                .isEqualTo("line 4: a thread reads sum before it has written anything into it: "
                        + "variables of a thread start undefined");
        assertThat(run.report().warnings()).isEmpty();
        assertThat(inspect(body.replace("float sum;", "float sum = 0;"))
                        .report()
                        .findings())
                .isEmpty();
    }

    /** What a thread may have written, the compiler can't know: no finding. */
    @Test
    void aVariableThatIsWrittenOnTheWay() {
        String body = """
                uint t = thread_index_in_threadgroup;
                float best;
                bool any = false;
                for (uint i = 0; i < uint(x[t]); ++i) {
                  if (!any || x[i] > best) {
                    best = x[i];
                    any = true;
                  }
                }
                out[t] = any ? best : 0;
                """;
        assertThat(inspect(body).report().findings()).isEmpty();
    }

    @Test
    void divergentBarrier() {
        String body = """
                uint t = thread_index_in_threadgroup;
                if (t < 40) {
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                }
                out[t] = x[t];
                """;
        assertThat(only(inspect(body), Kind.DIVERGENT_BARRIER).sentence())
                .isEqualTo("line 3: not all threads of the group reach this barrier: 40 of 64 wait there, "
                        + "thread (0, 0, 0) among them, while thread (40, 0, 0) has ended");
    }

    @Test
    void twoDifferentBarriers() {
        String body = """
                uint t = thread_index_in_threadgroup;
                if (t < 40) {
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                } else {
                  threadgroup_barrier(mem_flags::mem_threadgroup);
                }
                out[t] = x[t];
                """;
        assertThat(only(inspect(body), Kind.DIVERGENT_BARRIER).text()).contains("waits in line 5");
    }

    @Test
    void matrixNeedsAllLanes() {
        String body = """
                simdgroup_float8x8 m(1.0f);
                uint t = thread_index_in_threadgroup;
                if (t < 20) {
                  simdgroup_store(m, out, 8);
                }
                out[t] = x[t];
                """;
        assertThat(only(inspect(body), Kind.DIVERGENT_SIMD).line()).isEqualTo(4);
    }

    @Test
    void shuffleFromALaneThatIsAway() {
        String body =
                "uint t = thread_index_in_threadgroup;\nfloat v = x[t];\nif (t < 16) {\n  v = simd_shuffle(v, 20);\n}\nout[t] = v;\n";
        Finding found = only(inspect(body), Kind.INACTIVE_LANE);
        assertThat(found.line()).isEqualTo(4);
        assertThat(found.text()).contains("reads lane 20 by simd_shuffle");
    }

    @Test
    void writeToAnInput() {
        String body = "uint i = thread_position_in_grid.x;\n((device float*)x)[i] = 0;\nout[i] = 1;\n";
        assertThat(only(inspect(body), Kind.WRITE_TO_INPUT).line()).isEqualTo(2);
    }

    @Test
    void forgottenOutputs() {
        Finding found = only(
                inspect("uint i = thread_position_in_grid.x;\nif (i >= 3) {\n  out[i] = x[i];\n}\n"),
                Kind.UNWRITTEN_OUTPUT);
        assertThat(found.text()).startsWith("3 of 64 elements of out are never written, the first is out[0]");
    }

    @Test
    void endlessLoop() {
        Launch launch = Launch.grid(64).group(64).output(DType.F32, 64).options(HostOptions.DEFAULT.seconds(0.5));
        Finding found = only(
                inspect("uint i = thread_position_in_grid.x;\nwhile (x[i] >= 0) {\n}\nout[i] = 1;\n", launch),
                Kind.TIME_LIMIT);
        assertThat(found.line()).isEqualTo(2);
        assertThat(found.text()).contains("is there a loop that never ends?").contains("thread (0, 0, 0)");
    }

    @Test
    void endlessLoopAtABarrier() {
        Launch launch = Launch.grid(64).group(64).output(DType.F32, 64).options(HostOptions.DEFAULT.seconds(0.5));
        KernelRun run =
                inspect("while (true) {\n  threadgroup_barrier(mem_flags::mem_none);\n}\nout[0] = x[0];\n", launch);
        assertThat(run.report().has(Kind.TIME_LIMIT)).isTrue();
    }

    @Test
    void divisionByZero() {
        Finding found = only(
                inspect("int i = int(thread_position_in_grid.x);\nout[i] = 100 / (i - 3) + x[i];\n"),
                Kind.DIVISION_BY_ZERO);
        assertThat(found.sentence()).isEqualTo("line 2: thread (3, 0, 0) divides an integer by zero");
    }

    @Test
    void tooMuchThreadgroupMemory() {
        String body =
                "threadgroup float big[10000];\nuint t = thread_index_in_threadgroup;\nbig[t] = x[t];\nout[t] = big[t];\n";
        assertThat(only(inspect(body), Kind.THREADGROUP_MEMORY).text())
                .contains("40000")
                .contains("32768");
    }

    @Test
    void recursionWithoutEnd() {
        String text = """
                int down(volatile int n) { return n < 0 ? 0 : 1 + down(n + 1); }
                // BEGIN KERNEL deep
                uint i = thread_position_in_grid.x;
                out[i] = float(down(int(i)));
                // END KERNEL
                """;
        assertThat(inspect(text).report().findings())
                .first()
                .satisfies(f -> assertThat(f.kind()).isEqualTo(Kind.STACK));
    }

    @Test
    void aCleanKernelIsSilentAndCounted() {
        KernelRun run = inspect("uint i = thread_position_in_grid.x;\nout[i] = 2 * x[i];\n");
        assertThat(run.report().findings()).isEmpty();
        assertThat(run.output().toFloats()[63]).isEqualTo(126);
        assertThat(run.report().transactions()).isEqualTo(4); // 64 floats in and out, 32 of them a segment of 128 bytes
        assertThat(run.report().accesses())
                .allSatisfy(a -> assertThat(a.efficiency()).isEqualTo(1));
    }

    @Test
    void stridedReadsCostMoreTransactions() {
        KernelRun run = inspect("uint i = thread_position_in_grid.x;\nout[i] = x[(i * 8) % 64 + i / 8];\n");
        var read = run.report().accesses().stream()
                .filter(a -> !a.write())
                .findFirst()
                .orElseThrow();
        assertThat(read.line()).isEqualTo(2);
        assertThat(read.requests()).isEqualTo(2);
        assertThat(read.sectors()).isEqualTo(16);
    }

    @Test
    void bankConflicts() {
        String body = """
                threadgroup float tile[32][32];
                uint t = thread_index_in_threadgroup;
                if (t < 32) {
                  tile[t][0] = x[t];
                }
                out[t] = x[t];
                """;
        assertThat(inspect(body).report().bankConflicts()).isEqualTo(31);
        assertThat(inspect(body.replace("[32][32]", "[32][33]")).report().bankConflicts())
                .isZero();
    }

    @Test
    void whoTouchesWhat() {
        Launch launch = Launch.grid(64).group(64).output(DType.F32, 64).options(HostOptions.DEFAULT.trace(1000));
        var touches = inspect("uint i = thread_position_in_grid.x;\nout[63 - i] = x[i];\n", launch)
                .report()
                .touches();
        assertThat(touches).hasSize(128);
        assertThat(touches).anySatisfy(t -> {
            assertThat(t.thread()).isEqualTo(5);
            assertThat(t.element()).isEqualTo(58);
            assertThat(t.write()).isTrue();
            assertThat(t.buffer()).isEqualTo(1);
        });
    }

    @Test
    void aCompileErrorNamesTheLearnersLine() {
        assertThatThrownBy(() -> inspect("uint i = thread_position_in_grid.x;\n\nout[i] = y[i];\n"))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining("line 3: 'y' was not declared");
        assertThatThrownBy(() -> inspect("uint i = 0;\nout[i] = x[i]\n"))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining("expected ';'");
    }

    @Test
    void aRunThatFoundSomethingThrows() {
        MetalKernel kernel = MetalKernel.of("out[thread_position_in_grid.x] = x[thread_position_in_grid.x + 1];")
                .inputs("x")
                .outputs("out");
        assertThatThrownBy(() -> kernel.run(Launch.grid(64).output(DType.F32, 64), X))
                .isInstanceOf(KernelException.class)
                .hasMessageContaining("reads x[64]");
    }
}
