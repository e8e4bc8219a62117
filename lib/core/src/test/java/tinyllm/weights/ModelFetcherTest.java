package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.weights.RegisteredModel.Format;

/** Row F18 against a hub on this machine. */
@Tag("slow")
class ModelFetcherTest {
    private static final byte[] CONTENT = new byte[3_000_000];

    static {
        new Random(18).nextBytes(CONTENT);
    }

    @TempDir
    Path root;

    private FakeHub hub;
    private ModelPlaces places;
    private final List<String> progress = new ArrayList<>();

    @BeforeEach
    void startHub() throws IOException {
        hub = new FakeHub();
        hub.files.put("m.gguf", CONTENT);
        places = new ModelPlaces(root.resolve("home"), Map.of(), root.resolve("user"));
    }

    @AfterEach
    void stopHub() {
        hub.close();
    }

    static String digest(String algorithm, byte[]... parts) {
        try {
            MessageDigest sum = MessageDigest.getInstance(algorithm);
            Arrays.stream(parts).forEach(sum::update);
            return HexFormat.of().formatHex(sum.digest());
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RegisteredModel model(long bytes, @Nullable String sha) {
        return new RegisteredModel("m", "M", Format.GGUF, "MIT", 1, 1, "org/m", "m.gguf", bytes, sha, null, List.of());
    }

    private static RegisteredModel known() {
        return model(CONTENT.length, digest("SHA-256", CONTENT));
    }

    private ModelFetcher fetcher(@Nullable String token) {
        return new ModelFetcher(places, new HubClient(hub.uri(), token), new WheelSource(List.of("no-pip-here")), 1);
    }

    private Path fetch(RegisteredModel model) {
        return fetcher(null).fetch(model, (file, done, total) -> progress.add(file + " " + done + "/" + total));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(places.home().resolve("models/m"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals(".lock"))
                    .sorted()
                    .toList();
        }
    }

    private void refused(RegisteredModel model, String... parts) {
        assertThatThrownBy(() -> fetch(model))
                .isInstanceOf(FetchException.class)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
        assertThat(places.folder(model).resolve("m.gguf")).doesNotExist();
    }

    @Test
    void wholeFile() throws IOException {
        Path file = fetch(known());
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(names()).containsExactly("checksums.txt", "m.gguf");
        assertThat(Files.readString(file.resolveSibling("checksums.txt")))
                .isEqualTo(digest("SHA-256", CONTENT) + "  m.gguf\n");
        assertThat(progress.getLast()).isEqualTo("m.gguf 3000000/3000000");
        assertThat(fetch(known())).isEqualTo(file);
        assertThat(hub.requests).hasSize(1);
    }

    @Test
    void goesOnAfterTheConnectionIsCut() {
        hub.cutAfter = 1_000_000;
        hub.cuts.set(2);
        assertThat(fetch(known())).hasBinaryContent(CONTENT);
        assertThat(hub.requests).hasSize(3);
        assertThat(hub.requests.getLast()).containsPattern("bytes=[1-9]\\d{3,}-");
    }

    @Test
    void givesUpAndGoesOnLater() throws IOException {
        hub.cutAfter = 700_000;
        hub.cuts.set(1);
        hub.status = 0;
        FakeHub first = hub;
        assertThatThrownBy(() -> fetcher(null).fetch(known(), (file, done, total) -> first.status = 503))
                .hasMessageMatching("m.gguf stopped after [1-9]\\d* of 3000000 bytes .*go on where it stopped");
        assertThat(names()).containsExactly("m.gguf.part");
        long kept = Files.size(places.folder(known()).resolve("m.gguf.part"));
        hub.status = 0;
        hub.requests.clear();
        assertThat(fetch(known())).hasBinaryContent(CONTENT);
        assertThat(hub.requests).hasSize(1).first().asString().contains("bytes=" + kept + "-");
    }

    @Test
    void partOfAKilledFetchIsTakenUp() throws IOException {
        Files.createDirectories(places.folder(known()));
        Files.write(places.folder(known()).resolve("m.gguf.part"), Arrays.copyOf(CONTENT, 123_457));
        assertThat(fetch(known())).hasBinaryContent(CONTENT);
        assertThat(hub.requests).first().asString().contains("bytes=123457-");
    }

    @Test
    void partThatIsOfAnotherFileIsFetchedAgain() throws IOException {
        Files.createDirectories(places.folder(known()));
        Path part = places.folder(known()).resolve("m.gguf.part");
        Files.write(part, new byte[1000]);
        assertThat(fetch(known())).hasBinaryContent(CONTENT);
        Files.delete(places.folder(known()).resolve("m.gguf"));
        Files.write(part, new byte[CONTENT.length]);
        assertThat(fetch(known())).hasBinaryContent(CONTENT);
    }

    @Test
    void hubWithoutRanges() throws IOException {
        hub.ignoresRanges = true;
        Files.createDirectories(places.folder(known()));
        Files.write(places.folder(known()).resolve("m.gguf.part"), Arrays.copyOf(CONTENT, 5000));
        assertThat(fetch(known())).hasBinaryContent(CONTENT);
    }

    @Test
    void wrongDigest() throws IOException {
        refused(model(CONTENT.length, digest("SHA-256", new byte[1])), "digest", digest("SHA-256", CONTENT), "deleted");
        assertThat(names()).isEmpty();
    }

    @Test
    void wrongLength() {
        refused(model(CONTENT.length - 1, digest("SHA-256", CONTENT)), "3000000", "2999999");
        refused(model(CONTENT.length + 1, digest("SHA-256", CONTENT)), "3000000", "3000001");
    }

    @Test
    void diskThatIsFull() {
        refused(model(1L << 60, digest("SHA-256", CONTENT)), "disk is full", "MB free");
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void answersOtherThanTheFile() {
        hub.status = 404;
        refused(known(), "404", "does not exist");
        hub.status = 401;
        refused(known(), "401", "HF_TOKEN");
        hub.status = 500;
        refused(known(), "500", "go on");
    }

    /** A list of checksums that a power cut halved must not stand in the way of the next download. */
    @Test
    void checksumsThatAreCut() throws IOException {
        hub.listing = listing(digest("SHA-256", CONTENT));
        Path file = fetch(model(0, null));
        String sums = Files.readString(file.resolveSibling("checksums.txt"));
        for (int length = 0; length < sums.length() - 1; length++) {
            Files.delete(file);
            Files.writeString(file.resolveSibling("checksums.txt"), sums.substring(0, length));
            assertThat(fetch(model(0, null))).as("cut at " + length).hasBinaryContent(CONTENT);
            assertThat(Files.readAllLines(file.resolveSibling("checksums.txt"))).contains(sums.strip());
        }
    }

    @Test
    void redirectToAnotherHostTakesNoTokenAlong() throws IOException {
        try (FakeHub other = new FakeHub()) {
            other.files.put("m.gguf", CONTENT);
            hub.redirect = other.uri() + "/blob/m.gguf";
            assertThat(fetcher("secret").fetch(known(), (file, done, total) -> {}))
                    .hasBinaryContent(CONTENT);
            assertThat(hub.requests).first().asString().endsWith("Bearer secret");
            assertThat(other.requests).first().asString().endsWith(" null");
        }
    }

    @Test
    void redirectsThatAreNotFollowed() {
        hub.redirect = "file:///etc/passwd";
        refused(known(), "file:///etc/passwd", "not followed");
        hub.redirect = "http://user:password@127.0.0.1/m.gguf";
        refused(known(), "not followed");
        hub.redirect = "";
        refused(known(), "not followed");
        hub.redirect = "/org/m/resolve/main/m.gguf";
        refused(known(), "more than 5 times");
    }

    @Test
    void twoAtOnceFetchOnce() throws Exception {
        hub.delayMillis = 300;
        Callable<Path> fetch = () -> fetcher(null).fetch(known(), (file, done, total) -> {});
        try (var threads = Executors.newFixedThreadPool(2)) {
            for (Future<Path> result : threads.invokeAll(List.of(fetch, fetch))) {
                assertThat(result.get()).hasBinaryContent(CONTENT);
            }
        }
        assertThat(hub.bodies).hasValue(1);
    }

    @Test
    void hubThatIsNotThere() {
        hub.close();
        URI gone = hub.uri();
        refused(known(), "stopped after 0 of 3000000 bytes");
        assertThatThrownBy(() -> fetch(model(0, null)))
                .hasMessageContaining(gone.toString())
                .hasMessageContaining("HF_ENDPOINT");
    }

    private static String listing(String sha) {
        return "[{\"type\":\"file\",\"path\":\"m.gguf\",\"size\":134,\"oid\":\"%s\",\"lfs\":{\"oid\":\"%s\",\"size\":3000000}}]"
                .formatted("0".repeat(40), sha);
    }

    @Test
    void digestOfTheHubIsKept() throws IOException {
        hub.listing = listing(digest("SHA-256", CONTENT));
        Path file = fetch(model(0, null));
        assertThat(file).hasBinaryContent(CONTENT);
        Files.delete(file);
        byte[] other = CONTENT.clone();
        other[7]++;
        hub.files.put("m.gguf", other);
        hub.listing = hub.listing.replace(digest("SHA-256", CONTENT), digest("SHA-256", other));
        refused(model(0, null), "at the first download it was " + digest("SHA-256", CONTENT));
    }

    @Test
    void folderOfSafetensors() throws IOException {
        byte[] config = "{\"model_type\":\"qwen2\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        byte[] header = ("blob " + config.length + "\0").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        hub.files.put("config.json", config);
        hub.files.put("model.safetensors", CONTENT);
        hub.listing = """
                [{"type":"directory","path":"onnx","oid":"%1$s"},
                 {"type":"file","path":"config.json","size":%2$d,"oid":"%3$s"},
                 {"type":"file","path":"run.py","size":3,"oid":"%1$s"},
                 {"type":"file","path":"../evil.json","size":3,"oid":"%1$s"},
                 {"type":"file","path":"model.safetensors","size":9,"oid":"%1$s","lfs":{"oid":"%4$s","size":3000000}}]""".formatted(
                        "0".repeat(40), config.length, digest("SHA-1", header, config), digest("SHA-256", CONTENT));
        RegisteredModel mlx =
                new RegisteredModel("m", "M", Format.MLX, "MIT", 1, 1, "org/m", null, 0, null, null, List.of());
        Path folder = fetch(mlx);
        assertThat(folder.resolve("config.json")).hasBinaryContent(config);
        assertThat(names()).containsExactly("checksums.txt", "config.json", "model.safetensors");
        assertThat(hub.requests.getLast()).contains("config.json");
    }
}
