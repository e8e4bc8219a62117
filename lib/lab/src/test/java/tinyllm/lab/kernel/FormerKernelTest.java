package tinyllm.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row N1: what is told of a kernel that did not end properly. */
class FormerKernelTest {
    private static final long GONE = 999_999_999_999L; // more than any process id

    @TempDir
    Path folder;

    private FormerKernel kernel;

    @BeforeEach
    void name() {
        kernel = new FormerKernel(
                folder.resolve("kernels/kernel-1.json.running"),
                folder.resolve("logs/hs_err_pid%p.log").toString());
    }

    @Test
    void thereWasNone() throws IOException {
        assertThat(kernel.begin(1)).isEmpty();
        assertThat(folder.resolve("logs"))
                .as("a crash finds the folder for its report")
                .isDirectory();
    }

    @Test
    void itEndedProperly() throws IOException {
        kernel.begin(GONE);
        kernel.end();
        assertThat(kernel.begin(1)).isEmpty();
    }

    @Test
    void itStillRuns() throws IOException {
        kernel.begin(ProcessHandle.current().pid());
        assertThat(kernel.begin(1)).isEmpty();
    }

    @Test
    void itWasKilled() throws IOException {
        kernel.begin(GONE);
        assertThat(kernel.begin(1)).get().asString().contains("ended from outside", "Run All Above Selected Cell");
    }

    @Test
    void somebodyElseWroteThere() throws IOException {
        kernel.begin(GONE);
        Files.write(kernel.marker(), new byte[] {(byte) 0xff, 0, '\n'});
        assertThat(kernel.begin(1)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            C  [libmlx.so+0x1a2b3c]  mlx::core::gather(int const*)+0x12 | SIGSEGV in libmlx.so mlx::core::gather(int const*)+0x12
            C  [libc.so.6+0x9f]                                         | SIGSEGV in libc.so.6
            V  [libjvm.so+0xe5]  Unsafe_PutInt+0x9f                     | SIGSEGV in libjvm.so Unsafe_PutInt+0x9f
            J 3262 c1 jdk.internal.misc.Unsafe.putInt(Ljava/lang/Object;J)V java.base@25 (14 bytes) @ 0x0 | SIGSEGV in jdk.internal.misc.Unsafe.putInt
            j  my.Kernel.run()V+4                                       | SIGSEGV in my.Kernel.run
            """)
    void itCrashed(String frame, String cause) throws IOException {
        kernel.begin(GONE);
        Path report = folder.resolve("logs/hs_err_pid" + GONE + ".log");
        Files.writeString(
                report,
                "#\n# A fatal error\n#\n#  SIGSEGV (0xb) at pc=0x00007f, pid=5280, tid=5390\n#\n# JRE version: x\n"
                        + "# Problematic frame:\n# " + frame + "\n#\n");
        assertThat(kernel.begin(1)).get().asString().contains("(" + cause + ")", report.toString());
    }
}
