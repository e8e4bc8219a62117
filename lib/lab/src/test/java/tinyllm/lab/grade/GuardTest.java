package tinyllm.lab.grade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.mine.Kept;

/** Whatever an answer does, it gets a verdict, and the next one is checked. */
@Tag("slow") // starts processes
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GuardTest {

    private static final Guard GUARD = new Guard(new Guard.Limits(Duration.ofSeconds(5), 1L << 30));

    @TempDir
    Path src;

    private Finding body(String body) throws IOException {
        return Answers.check(GUARD, src, Answers.softmax(body));
    }

    @Test
    void correct() throws IOException {
        Finding finding = Answers.check(new Guard(Guard.Limits.STANDARD), src, Answers.softmax(Answers.RIGHT));

        assertThat(finding.mark()).isEqualTo(Mark.CORRECT);
        assertThat(finding.message()).isEmpty();
        assertThat(finding.cases())
                .hasSameSizeAs(Answers.SOFTMAX.cases())
                .allMatch(row -> row.verdict().equals("correct"));
    }

    @Test
    void incorrectByName() throws IOException {
        Finding finding = body("Tensor e = s.exp(); return e.div(e.sumKeep(-1));");

        assertThat(finding.mark()).isEqualTo(Mark.INCORRECT);
        assertThat(finding.message()).contains("Subtract each row's maximum");
        assertThat(finding.mistake()).isNotNull();
        assertThat(Finding.read(tools.jackson.databind.json.JsonMapper.shared().valueToTree(finding.json())))
                .usingRecursiveComparison()
                .ignoringFields("seconds")
                .isEqualTo(finding);
    }

    @Test
    void aStubIsNotAttempted() throws IOException {
        assertThat(body("return Lab.todo(\"write it\");").mark()).isEqualTo(Mark.NOT_ATTEMPTED);
    }

    @Test
    void theLibrarysOwn() throws IOException {
        assertThat(body("return new Softmax().softmax(s);").mark()).isEqualTo(Mark.LIBRARY);
    }

    @Test
    void anExceptionSaysWhere() throws IOException {
        Finding finding = body("throw new IllegalStateException(\"boom\");");

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
        assertThat(finding.cause()).isEqualTo("exception");
        assertThat(finding.message()).contains("boom", "Mine.softmax");
    }

    @Test
    void whatDoesNotCompileSaysTheLine() throws IOException {
        Finding finding = body("return missing;");

        assertThat(finding.mark()).isEqualTo(Mark.UNCHECKABLE);
        assertThat(finding.message()).contains("line 10: cannot find symbol variable missing");
    }

    @Test
    void aLoopIsEnded() throws IOException {
        Finding finding = body("while (true) { Thread.onSpinWait(); }");

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
        assertThat(finding.cause()).isEqualTo("deadline");
        assertThat(finding.message()).contains("did not finish within 5.0 s");
    }

    @Test
    void aStaticInitializerThatLoopsIsEnded() throws IOException {
        Finding finding = Answers.check(
                GUARD,
                src,
                Answers.softmax("return s;")
                        .replace(
                                "static class",
                                "static int x = forever(); static int forever() { while"
                                        + " (true) { Thread.onSpinWait(); } }\n static class"));

        assertThat(finding.cause()).isEqualTo("deadline");
    }

    @Test
    void anExitIsNoResult() throws IOException {
        Finding finding = body("System.exit(0); return s;");

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
        assertThat(finding.cause()).isEqualTo("exit");
        assertThat(finding.message()).contains("ended its process with exit code 0");
    }

    /** The checked code can write to the process's own output, but it does not know the word. */
    @Test
    void aForgedResultIsNotBelieved() throws IOException {
        Finding finding = body("""
                try (var out = new java.io.FileOutputStream(java.io.FileDescriptor.out)) {
                    for (String line : new String[] {"", "x "}) {
                        out.write((line + "{\\"result\\":{\\"id\\":\\"1.1 softmax\\",\\"verdict\\":\\"correct\\"}}\\n").getBytes());
                        out.write((line + "{\\"end\\":true}\\n").getBytes());
                    }
                    out.write(new byte[3_000_000]);
                    out.flush();
                } catch (java.io.IOException e) {
                }
                Runtime.getRuntime().halt(0);
                return s;
                """);

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
    }

    @Test
    void aNativeCrashIsNamed() throws IOException {
        Finding finding = body(
                "java.lang.foreign.MemorySegment.ofAddress(8).reinterpret(8).get(java.lang.foreign.ValueLayout.JAVA_LONG,"
                        + " 0); return s;");

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
        assertThat(finding.cause()).as(finding.toString()).isEqualTo("native");
        assertThat(finding.message()).contains("native code (SIGSEGV)");
    }

    @Test
    void nativeMemoryHasALimit() throws IOException {
        Finding finding = body("while (true) { java.lang.foreign.Arena.global().allocate(32 << 20).fill((byte) 1); }");

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
        assertThat(finding.cause()).isEqualTo("memory");
        assertThat(finding.message()).contains("took more than 1073 MB");
    }

    @Test
    void theHeapHasALimit() throws IOException {
        Finding finding =
                body("var all = new java.util.ArrayList<long[]>(); while (true) { all.add(new long[1 << 20]); }");

        assertThat(finding.mark()).isEqualTo(Mark.CRASHED);
        assertThat(finding.message()).contains("heap is full");
    }

    @Test
    void whatItStartedEndsWithIt() throws Exception {
        Path told = src.resolve("pid");
        body("""
                try {
                    Process p = new ProcessBuilder("sleep", "300").start();
                    java.nio.file.Files.writeString(java.nio.file.Path.of("%s"), Long.toString(p.pid()));
                } catch (java.io.IOException e) {
                }
                while (true) { Thread.onSpinWait(); }
                """.formatted(told));

        long pid = Long.parseLong(Files.readString(told));
        for (int i = 0; i < 50 && runs(pid); i++) {
            Thread.sleep(100);
        }
        assertThat(runs(pid)).isFalse();
    }

    /** A process that nobody has waited for yet is over all the same. */
    private static boolean runs(long pid) throws IOException {
        Path state = Path.of("/proc", Long.toString(pid), "stat");
        boolean over = Files.exists(state) && Files.readString(state).contains(") Z ");
        return !over && ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    @Test
    void theOthersAreCheckedAllTheSame() throws IOException {
        List<Kept.Answer> answers = List.of(
                Answers.keep(src, Answers.SOFTMAX, Answers.softmax("System.exit(3); return s;")),
                Answers.keep(src, Exercises.get("1.1 weights"), "public class C1_1_Weights { broken"),
                Answers.keep(src, Exercises.get("1.4 silu"), """
                        import tinyllm.nn.*;
                        public class C1_4_Silu {
                            public static final java.util.function.Supplier<? extends ActivationFn> ANSWER =
                                    () -> x -> { while (true) { Thread.onSpinWait(); } };
                        }
                        """),
                Answers.keep(src, Exercises.get("1.4 rmsnorm"), """
                        import tinyllm.nn.*;
                        public class C1_4_Rmsnorm {
                            public static final java.util.function.Supplier<? extends NormFn> ANSWER = RmsNorm::new;
                        }
                        """));
        Guard.Report report = GUARD.answers(answers);

        assertThat(report.problem()).isEmpty();
        assertThat(report.findings().stream().map(finding -> finding.mark() + finding.cause()))
                .containsExactly("CRASHEDexit", "UNCHECKABLE", "CRASHEDdeadline", "LIBRARY");
    }

    @Test
    void limitsAreChecked() {
        assertThatThrownBy(() -> new Guard.Limits(Duration.ZERO, 1L << 30)).hasMessageContaining("0 s");
        assertThatThrownBy(() -> new Guard.Limits(null, 1 << 20)).hasMessageContaining("512 MB");
    }
}
