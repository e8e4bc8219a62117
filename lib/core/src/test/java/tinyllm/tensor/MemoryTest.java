package tinyllm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Long runs in a JVM of their own ({@link MemoryRuns}), so that its resident set is theirs alone. */
@Tag("slow")
class MemoryTest {
    private static final long MIB = 1 << 20;
    private static final int SHARE = Boolean.getBoolean("tinyllm.long") ? 1 : 5;

    @TempDir
    Path folder;

    @Test
    void aMillionTemporariesInScopesKeepMemoryFlat() throws Exception {
        Map<String, Long> said = run(List.of("-Xmx64m"), "temporaries", String.valueOf(1_000_000 / SHARE));
        assertThat(said.get("after")).isLessThan(said.getOrDefault("before", 0L) + 32 * MIB);
        assertThat(said.get("live")).isLessThan(100);
    }

    @Test
    void aMillionTemporariesInOneScopeDoToo() throws Exception {
        Map<String, Long> said = run(List.of(), "oneScope", String.valueOf(1_000_000 / SHARE));
        assertThat(said.get("peak")).isLessThan(1400 * MIB);
        assertThat(said.get("live")).isZero();
    }

    @Test
    void twentyThousandTensorsOfFourMegabytesWithoutAScope() throws Exception {
        Map<String, Long> said = run(List.of(), "unscoped", String.valueOf(20_000 / SHARE));
        assertThat(said.get("peak")).isLessThan(2048 * MIB);
    }

    @Test
    void aLazyChainOfAMillionOperations() throws Exception {
        Map<String, Long> said = run(List.of(), "chain", String.valueOf(1_000_000 / SHARE));
        assertThat(said.get("sum")).isEqualTo(1_000_000 / SHARE);
        assertThat(said.get("peak")).isLessThan(2048 * MIB);
    }

    @Test
    void aboveTheBudgetTensorsAreRefused() throws Exception {
        Map<String, Long> said = run(List.of("-Dtinyllm.memoryBudget=256m"), "budget");
        assertThat(said).containsEntry("refused", 4L).containsEntry("alive", 6L);
        assertThat(said.get("peak")).isLessThan(1200 * MIB);
    }

    /** An allocation that fails inside MLX would end the JVM. */
    @Test
    void underALimitOfAddressSpaceTensorsAreRefusedToo() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")) && Files.exists(Path.of("/proc/self/limits")));
        Map<String, Long> said =
                runUnder(List.of("/bin/bash", "-c", "ulimit -v 12000000 && exec \"$@\"", "bash"), List.of(), "huge");
        assertThat(said).containsEntry("refused", 4L).containsEntry("alive", 6L);
    }

    private Map<String, Long> run(List<String> options, String... arguments) throws Exception {
        return runUnder(List.of(), options, arguments);
    }

    private Map<String, Long> runUnder(List<String> shell, List<String> options, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(shell);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-Xmx512m", "--enable-native-access=ALL-UNNAMED", "-XX:ErrorFile=" + folder.resolve("hs_err")));
        String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
        if (cache != null) {
            command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
        }
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                MemoryRuns.class.getName()));
        command.addAll(List.of(arguments));
        File output = folder.resolve("out").toFile();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        boolean ended = process.waitFor(8, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
        assertThat(ended).as("ended: %s", text).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return Stream.of(text.split("\n"))
                .filter(line -> line.matches("\\w+=-?\\d+"))
                .map(line -> line.split("="))
                .collect(Collectors.toMap(pair -> pair[0], pair -> Long.parseLong(pair[1])));
    }

    @Test
    void budgetsAreReadAsWritten() {
        assertThat(Memory.budget("1000")).isEqualTo(1000);
        assertThat(Memory.budget("6g")).isEqualTo(6L << 30);
        assertThat(Memory.budget("512M")).isEqualTo(512L << 20);
        assertThat(Memory.budget("2 GB")).isEqualTo(2L << 30);
        assertThat(Memory.budget("999999999t")).isEqualTo(Long.MAX_VALUE);
        assertThat(Memory.budget("50%")).isBetween(100 * MIB, 1L << 45);
        assertThat(Memory.budget(null)).isBetween(100 * MIB, 1L << 45);
        for (String wrong : List.of("much", "-1g", "1.5g", "12x")) {
            assertThatThrownBy(() -> Memory.budget(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(wrong);
        }
    }

    @Test
    void bytesAsText() {
        assertThat(Memory.text(1000)).isEqualTo("1000 bytes");
        assertThat(Memory.text(3 << 19)).isEqualTo("1.5 MiB");
        assertThat(Memory.text(Long.MAX_VALUE)).isEqualTo("8.0 EiB");
    }

    @Test
    void absurdSizesAreRefusedHereToo() {
        assertThatThrownBy(() -> Tensor.zeros(DType.F32, 1 << 20, 1 << 20).eval())
                .isInstanceOf(TensorMemoryException.class)
                .hasMessageContainingAll(
                        "zeros needs 4.0 TiB for shape [1048576, 1048576] F32",
                        "of the budget of",
                        "tinyllm.memoryBudget");
        Tensor wide = Tensor.scalar(1).broadcastTo(1 << 20, 1 << 20);
        assertThatThrownBy(() -> wide.add(1)).isInstanceOf(TensorMemoryException.class);
        assertThatThrownBy(wide::contiguous).isInstanceOf(TensorMemoryException.class);
        assertThatThrownBy(wide::toFloats)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Java array");
        assertThat(wide.at(5, 5).item()).isEqualTo(1);
    }
}
