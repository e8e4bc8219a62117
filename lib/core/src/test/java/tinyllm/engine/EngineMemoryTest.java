package tinyllm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.cache.PageBudget;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.tensor.DType;
import tinyllm.tensor.Memory;
import tinyllm.tensor.Tensor;

/** Weights, pages and a step fit into the budget together, or no engine starts: none that could only fail. */
@Tag("slow")
class EngineMemoryTest {

    private static final String TINY = "src/test/resources/checkpoints/mlx-q4-g64";

    @TempDir
    private Path folder;

    @Test
    void allFreeMemoryForPagesLeavesRoomForSteps() throws Exception {
        assertThat(run("share")).contains("failed=0", "restarts=0");
    }

    @Test
    void pagesThatLeaveNoRoomForAStepAreRefused() throws Exception {
        for (String budget : List.of("bytes", "tooMany")) {
            String said = run(budget);
            assertThat(said)
                    .containsPattern("refused=.*budget of 48.0 MiB, weights and other tensors take .*"
                            + ", a step of 512 tokens up to .*page.*Ask for fewer pages");
            long left = Long.parseLong(said.replaceAll("(?s).*left=(\\d+).*", "$1"));
            assertThat(left).as("bytes left").isLessThan(24 << 20);
        }
    }

    private String run(String load) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-Dtinyllm.memoryBudget=48m",
                "-XX:ErrorFile=" + folder.resolve("hs_err")));
        String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
        if (cache != null) {
            command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
        }
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                EngineMemoryRuns.class.getName(),
                TINY,
                load));
        File output = folder.resolve("out").toFile();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
        boolean ended = process.waitFor(2, TimeUnit.MINUTES);
        process.destroyForcibly();
        String text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
        assertThat(ended).as("ended: %s", text).isTrue();
        return text;
    }

    /** A restart gives what the first start gave, however much memory others have taken or freed since. */
    @Test
    void aRestartKeepsTheSizeOfThePool() {
        CausalLm model = Models.load(TINY, KernelSet.OWN, LoadListener.NONE);
        try (LmModel pages = new LmModel(model, EngineOptions.standard().with(PageBudget.share(1e-4)))) {
            int size = pages.pool().size();
            Tensor other = Tensor.ones(DType.F32, 64 << 20).eval();
            pages.reset();
            assertThat(pages.pool().size()).isEqualTo(size);
            assertThat(other.size()).isPositive();
        }
    }

    /** The estimate is above what a step takes. */
    @Test
    void aStepTakesNoMoreThanIsReserved() {
        CausalLm model = Models.load(TINY, KernelSet.OWN, LoadListener.NONE);
        long reserved = new StepMemory(512, 16).bytes(model.config());
        Random random = new Random(1);
        var options = EngineOptions.standard().with(PageBudget.tokens(16 * 100));
        try (Engine engine = Engine.manual(model, options)) {
            long before = Memory.activeBytes();
            Memory.resetPeak();
            for (int i = 0; i < 16; i++) {
                engine.submit(EngineRequest.tokens(
                                random.ints(32, 0, model.tokenizer().vocabSize())
                                        .toArray())
                        .maxTokens(2)
                        .ignoreEnd());
            }
            engine.step();
            assertThat(Memory.peakBytes() - before).isPositive().isLessThan(reserved);
        }
    }
}
