package tinyllm.weights.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jazzer, guided by coverage, for 8 seconds a header; with -Dtinyllm.long=true ten times as long on one growing corpus. */
@Tag("slow")
class HeaderFuzzTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gguf", "safetensors"})
    void findsNothing(String header) throws Exception {
        for (int round = 0; round < (Boolean.getBoolean("tinyllm.long") ? 10 : 1); round++) {
            Path log = folder.resolve("fuzz.log");
            ProcessBuilder fuzzer = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+EnableDynamicAgentLoading",
                            "-Xmx1g",
                            "-cp",
                            System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                            HeaderFuzz.class.getName(),
                            header)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            fuzzer.environment().put("JAZZER_FUZZ", "1");
            int exit = fuzzer.start().waitFor();
            String said = Files.readString(log);
            assertThat(exit)
                    .as(said.substring(Math.max(0, said.length() - 4000)))
                    .isZero();
            assertThat(said).containsPattern("Done \\d{3,} runs");
        }
    }
}
