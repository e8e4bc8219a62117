package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.weights.RegisteredModel.Format;

/** A fetch that is killed as a process: the lock is free again, the part is taken up, nothing wrong has the name. */
class KilledFetchTest {
    @TempDir
    Path home;

    static RegisteredModel model(byte[] content) {
        return new RegisteredModel(
                "m",
                "M",
                Format.GGUF,
                "MIT",
                1,
                1,
                "org/m",
                "m.gguf",
                content.length,
                ModelFetcherTest.digest("SHA-256", content),
                null,
                List.of());
    }

    static byte[] content() {
        byte[] content = new byte[4_000_000];
        new Random(9).nextBytes(content);
        return content;
    }

    /** The process that is killed: it fetches with long pauses between its tries. */
    public static void main(String[] arguments) {
        ModelPlaces places = new ModelPlaces(Path.of(arguments[0]), Map.of(), Path.of(arguments[0], "user"));
        HubClient hub = new HubClient(URI.create(arguments[1]), null);
        new ModelFetcher(places, hub, new WheelSource(List.of("no-pip-here")), 60_000)
                .fetch(model(content()), (file, done, total) -> {});
    }

    @Test
    void isTakenUp() throws Exception {
        byte[] content = content();
        RegisteredModel model = model(content);
        ModelPlaces places = new ModelPlaces(home, Map.of(), home.resolve("user"));
        Path part = places.folder(model).resolve("m.gguf.part");
        try (FakeHub hub = new FakeHub()) {
            hub.files.put("m.gguf", content);
            hub.cutAfter = 1_500_000;
            hub.cuts.set(1);
            Process child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                            KilledFetchTest.class.getName(),
                            home.toString(),
                            hub.uri().toString())
                    .inheritIO()
                    .start();
            try {
                long end = System.nanoTime() + 60_000_000_000L;
                while (child.isAlive()
                        && System.nanoTime() < end
                        && (!Files.exists(part) || Files.size(part) < 500_000)) {
                    Thread.sleep(20);
                }
                assertThat(child.isAlive()).isTrue();
            } finally {
                child.destroyForcibly().waitFor();
            }
            assertThat(part.resolveSibling("m.gguf")).doesNotExist();
            long kept = Files.size(part);
            assertThat(kept).isBetween(500_000L, 1_500_000L);
            ModelFetcher fetcher =
                    new ModelFetcher(places, new HubClient(hub.uri(), null), new WheelSource(List.of()), 1);
            assertThat(fetcher.fetch(model, (file, done, total) -> {})).hasBinaryContent(content);
            assertThat(hub.requests.getLast()).contains("bytes=" + kept + "-");
        }
    }
}
