package tinyllm.lab.mine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.exercises.Exercises;
import tinyllm.lab.kernel.Imports;
import tinyllm.lab.progress.Progress.Prediction;
import tinyllm.lab.progress.ProgressFile;

/** Two kernels on one copy, and kernels that are killed: guesses and kept sources stay whole. */
@Tag("slow") // starts processes
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TwoKernelsTest {

    @TempDir
    Path my;

    private Kept kept;
    private ProgressFile progress;
    private List<String> versions;

    @BeforeEach
    void versions() throws IOException {
        kept = new Kept(my.resolve("src"));
        progress = new ProgressFile(my.resolve("progress.json"));
        versions = new ArrayList<>();
        for (String who : List.of("one", "two")) {
            Kept alone = new Kept(my.resolve(who));
            Kernel.keep(alone, who);
            versions.add(Files.readString(alone.file(Exercises.get("1.1 softmax"))));
        }
    }

    private String source() throws IOException {
        return Files.readString(kept.file(Exercises.get("1.1 softmax")));
    }

    @Test
    void bothKeepAndGuessAtOnce() throws Exception {
        Process one = kernel("one", 5);
        Process two = kernel("two", 5);
        assertThat(one.waitFor(5, TimeUnit.MINUTES) && two.waitFor(5, TimeUnit.MINUTES))
                .isTrue();
        assertThat(List.of(one.exitValue(), two.exitValue())).containsExactly(0, 0);

        assertThat(progress.read().predictions().keySet())
                .hasSize(10)
                .filteredOn(name -> name.startsWith("one "))
                .hasSize(5);
        assertThat(versions).contains(source());
        onlyWholeFiles();
    }

    @Test
    void killedAtAnyMoment() throws Exception {
        int kills = "1".equals(System.getenv("TINYLLM_LONG")) ? 40 : 2;
        Random random = new Random(11);
        int before = 0;
        for (int i = 0; i < kills; i++) {
            Process kernel = kernel(i % 2 == 0 ? "one" : "two", Integer.MAX_VALUE);
            for (int wait = 0; wait < 1200 && progress.read().predictions().size() <= before; wait++) {
                Thread.sleep(50);
            }
            Thread.sleep(random.nextInt(400));
            kernel.destroyForcibly().waitFor();
            int now = progress.read().predictions().size();
            assertThat(now).as("kill " + i).isGreaterThan(before);
            before = now;
            if (Files.exists(kept.folder()) && !kept.answers().isEmpty()) {
                assertThat(versions).contains(source());
            }
        }
        assertThat(progress.takeNotice()).isEmpty();
        onlyWholeFiles();
    }

    private void onlyWholeFiles() throws IOException {
        if (Files.isDirectory(my.resolve("old"))) {
            try (Stream<Path> old = Files.list(my.resolve("old"))) {
                for (Path file : old.filter(f -> f.toString().endsWith(".java")).toList()) {
                    assertThat(versions).contains(Files.readString(file));
                }
            }
        }
    }

    private Process kernel(String who, int times) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--add-modules=jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Kernel.class.getName(),
                        my.toString(),
                        who,
                        Integer.toString(times)))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Guesses and keeps, again and again, as a kernel does. */
    static final class Kernel {
        public static void main(String[] args) throws IOException {
            Path my = Path.of(args[0]);
            ProgressFile progress = new ProgressFile(my.resolve("progress.json"));
            for (int i = 0; i < Integer.parseInt(args[2]); i++) {
                String guess = args[1] + " " + ProcessHandle.current().pid() + " " + i;
                progress.update(p -> p.predict(guess, new Prediction(1, "s")));
                keep(new Kept(my.resolve("src")), args[1]);
            }
        }

        static void keep(Kept kept, String who) throws IOException {
            List<String> session = List.of(
                    Imports.source(),
                    "class MySoftmax implements SoftmaxFn { public Tensor softmax(Tensor s) { return s; /* " + who
                            + " */ } }",
                    "check(\"1.1 softmax\", MySoftmax::new)");
            Optional<String> problem = kept.keep(Exercises.get("1.1 softmax"), session, Optional.empty());
            if (problem.isPresent()) {
                throw new IllegalStateException(problem.get());
            }
        }
    }
}
