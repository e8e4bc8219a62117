package tinyllm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kernel of metal/ through NVIDIA's run-time compiler, which needs no GPU; left out where there is no NVRTC. */
class CudaCompileTest {
    private static final Path SCRIPT = Path.of("../../metal/cuda/compile.py");

    @Test
    void everyKernelCompilesBehindTheHeader(@TempDir Path folder) throws Exception {
        List<KernelCall> calls = MetalSourcesTest.calls().toList();
        write(folder, calls);
        Process compiler = new ProcessBuilder("python3", SCRIPT.toString(), folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = compiler.waitFor();
        assumeTrue(code != 2, said);
        assertThat(said).contains(calls.size() + " of " + calls.size() + " programs compile");
    }

    private static void write(Path folder, List<KernelCall> calls) throws IOException {
        for (int i = 0; i < calls.size(); i++) {
            String name =
                    "%02d-%s.cu".formatted(i, calls.get(i).kernel().source().name());
            Files.writeString(folder.resolve(name), CudaProgram.of(calls.get(i)));
        }
    }

    /** Writes the programs into a folder, for {@code metal/cuda/compile.py} by hand. */
    public static void main(String[] args) throws IOException {
        write(
                Files.createDirectories(Path.of(args[0])),
                MetalSourcesTest.calls().toList());
    }
}
