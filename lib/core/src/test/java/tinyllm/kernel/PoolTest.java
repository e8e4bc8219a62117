package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The threads that the kernels share, in a program of their own: a fault there would end this JVM. */
@Tag("slow")
class PoolTest {
    private static final Path NATIVE =
            Path.of("../../native/src").toAbsolutePath().normalize();
    private static final String CALLS = "300000";

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5})
    void callsOfChangingSizesDoEachItemOnce(int threads, @TempDir Path folder) throws Exception {
        Path kernels = NATIVE.resolve("main/cpp/tinyllm");
        Path program = folder.resolve("pool_stress");
        String compiled = run(List.of(
                "c++",
                "-std=c++20",
                "-O2",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-pthread",
                "-I" + kernels,
                NATIVE.resolve("test/cpp/pool_stress.cpp").toString(),
                kernels.resolve("pool.cpp").toString(),
                "-o",
                program.toString()));
        assertThat(compiled).isEmpty();
        assertThat(run(List.of(program.toString(), CALLS, Integer.toString(threads))))
                .isEqualToIgnoringNewLines("each item was done once");
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
