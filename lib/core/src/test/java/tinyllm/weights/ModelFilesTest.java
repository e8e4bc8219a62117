package tinyllm.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.weights.RegisteredModel.Format;

class ModelFilesTest {
    private static final ModelRegistry REGISTRY = ModelRegistry.standard();

    @TempDir
    Path root;

    private ModelPlaces places;

    @BeforeEach
    void emptyMachine() {
        places = new ModelPlaces(root.resolve("home"), Map.of(), root.resolve("user"));
    }

    private static Path put(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "x");
    }

    private Path resolve(String name) {
        return ModelFiles.resolve(name, REGISTRY, places);
    }

    @Test
    void registryIsSound() {
        assertThat(REGISTRY.models().keySet())
                .contains("qwen2.5-coder-0.5b", "smollm2-135m", "qwen2-7b", "qwen2.5-7b", "qwen3-0.6b", "qwen3-8b-mlx");
        assertThat(REGISTRY.models().values()).allSatisfy(model -> {
            assertThat(model.name()).matches("[a-z0-9.-]+");
            assertThat(model.licence()).isNotBlank();
            assertThat(model.approxBytes()).isBetween(90_000_000L, 6_000_000_000L);
            assertThat(model.memoryBytes()).isGreaterThan(4 * model.parameters());
            assertThat(model.repo()).matches("[\\w.-]+/[\\w.-]+");
            assertThat(model.file() == null).isEqualTo(model.format() == Format.MLX);
            assertThat(model.sha256() == null).isEqualTo(model.bytes() == 0);
        });
        assertThat(REGISTRY.get("SMOLLM2-135M").packages()).hasSize(1);
        assertThat(REGISTRY.get("qwen2.5-coder-0.5b").packages()).hasSize(6);
        assertThat(RegisteredModel.memoryOfThisMachine()).isGreaterThan(1L << 28);
    }

    @Test
    void unknownNameOffersTheNearest() {
        assertThatThrownBy(() -> resolve("qwen25-coder-0.5b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"qwen25-coder-0.5b\"")
                .hasMessageContaining("qwen2.5-coder-0.5b");
        assertThatThrownBy(() -> resolve(" ")).hasMessageContaining("empty");
        assertThatThrownBy(() -> resolve("a\0b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void knownNameThatIsNotHereSaysHowToGetIt() {
        assertThatThrownBy(() -> resolve("smollm2-135m"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("./lab models fetch smollm2-135m")
                .hasMessageContaining("98 MB");
    }

    @Test
    void pathsGoFirst() throws IOException {
        Path file = put(root.resolve("some.gguf"));
        assertThat(resolve(file.toString())).isEqualTo(file);
        assertThat(resolve(root.toString())).isEqualTo(root);
    }

    @Test
    void ownFolder() throws IOException {
        Path file = put(places.home().resolve("models/qwen3-0.6b/Qwen3-0.6B-Q8_0.gguf"));
        assertThat(resolve("Qwen3-0.6b")).isEqualTo(file);
    }

    @Test
    void fileOfTheWrongLengthIsNotTaken() throws IOException {
        put(places.home().resolve("models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"));
        assertThatThrownBy(() -> resolve("smollm2-135m")).hasMessageContaining("not on this machine");
    }

    @Test
    void ownFolderOfSafetensorsIsWholeWithItsConfig() throws IOException {
        Path folder = places.home().resolve("models/qwen3-0.6b-mlx");
        put(folder.resolve("model.safetensors"));
        assertThatThrownBy(() -> resolve("qwen3-0.6b-mlx")).hasMessageContaining("not on this machine");
        put(folder.resolve("config.json"));
        assertThat(resolve("qwen3-0.6b-mlx")).isEqualTo(folder);
    }

    /** A machine that many share: folders that nobody may write, named by TINYLLM_MODELS. */
    @Test
    void sharedFolders() throws IOException {
        Path one = root.resolve("one");
        Path two = root.resolve("two");
        Path asAtHome = put(one.resolve("qwen3-0.6b/Qwen3-0.6B-Q8_0.gguf"));
        put(two.resolve("Qwen3-0.6B-Q8_0.gguf"));
        Path safetensors = two.resolve("qwen3-0.6b-mlx");
        put(safetensors.resolve("model.safetensors"));
        put(safetensors.resolve("config.json"));
        Path ours = put(two.resolve("our-own.gguf"));
        places = new ModelPlaces(
                root.resolve("home"),
                Map.of("TINYLLM_MODELS", " " + one + java.io.File.pathSeparator + java.io.File.pathSeparator + two),
                root.resolve("user"));

        assertThat(resolve("qwen3-0.6b")).isEqualTo(asAtHome);
        assertThat(resolve("qwen3-0.6b-mlx")).isEqualTo(safetensors);
        assertThat(resolve("our-own")).isEqualTo(ours);
        Files.delete(asAtHome);
        assertThat(resolve("qwen3-0.6b")).isEqualTo(two.resolve("Qwen3-0.6B-Q8_0.gguf"));
        assertThatThrownBy(() -> resolve("../two/our-own.gguf")).hasMessageContaining("there is no model");
        assertThatThrownBy(() -> resolve("smollm2-135m")).hasMessageContaining("not on this machine");

        Path fetched = new ModelFetcher(places, HubClient.of(REGISTRY, Map.of()), new WheelSource(List.of("false")), 1)
                .fetch(REGISTRY.get("qwen3-0.6b-mlx"), (name, done, total) -> {});
        assertThat(fetched).isEqualTo(safetensors);
        assertThat(root.resolve("home")).doesNotExist();
        try (var all = Files.walk(two)) {
            assertThat(all.filter(Files::isRegularFile)).hasSize(4);
        }
    }

    @Test
    void huggingFaceCache() throws IOException {
        Path repo = places.userHome().resolve(".cache/huggingface/hub/models--Qwen--Qwen3-0.6B-GGUF");
        put(repo.resolve("snapshots/aaa/Qwen3-0.6B-Q8_0.gguf"));
        Path main = put(repo.resolve("snapshots/bbb/Qwen3-0.6B-Q8_0.gguf"));
        put(repo.resolve("refs/main"));
        Files.writeString(repo.resolve("refs/main"), "bbb");
        assertThat(resolve("qwen3-0.6b")).isEqualTo(main);
        Path elsewhere = root.resolve("elsewhere");
        Files.createDirectories(elsewhere);
        Files.move(places.userHome().resolve(".cache/huggingface/hub"), elsewhere.resolve("hub"));
        assertThatThrownBy(() -> resolve("qwen3-0.6b")).hasMessageContaining("not on this machine");
        places = new ModelPlaces(places.home(), Map.of("HF_HOME", elsewhere.toString()), places.userHome());
        assertThat(resolve("qwen3-0.6b")).startsWith(elsewhere);
        places = new ModelPlaces(
                places.home(), Map.of("HF_HUB_CACHE", elsewhere.resolve("hub").toString()), places.userHome());
        assertThat(resolve("qwen3-0.6b")).startsWith(elsewhere);
    }

    @Test
    void ollama() throws IOException {
        Path models = places.userHome().resolve(".ollama/models");
        Path manifest = put(models.resolve("manifests/a.library.host/library/qwen3/0.6b"));
        String digest = "ab".repeat(32);
        Path blob = put(models.resolve("blobs/sha256-" + digest));
        Files.writeString(
                manifest,
                "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.license\",\"digest\":\"sha256:%s\"},"
                                .formatted("cd".repeat(32))
                        + "{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"sha256:" + digest
                        + "\"}]}");
        assertThat(resolve("qwen3-0.6b")).isEqualTo(blob);
        for (String bad : List.of(
                "{",
                "[]",
                "{\"layers\":7}",
                "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"sha256:../../../secret\"}]}")) {
            Files.writeString(manifest, bad);
            assertThatThrownBy(() -> resolve("qwen3-0.6b")).hasMessageContaining("not on this machine");
        }
    }

    @Test
    void lmStudio() throws IOException {
        Path file = put(places.userHome().resolve(".lmstudio/models/some-publisher/Qwen3-GGUF/Qwen3-0.6B-Q8_0.gguf"));
        assertThat(resolve("qwen3-0.6b")).isEqualTo(file);
        Path folder = places.userHome().resolve(".lmstudio/models/mlx-community/Qwen3-0.6B-4bit");
        put(folder.resolve("model.safetensors"));
        put(folder.resolve("config.json"));
        assertThat(resolve("qwen3-0.6b-mlx")).isEqualTo(folder);
    }

    @Test
    void homeComesFromTheEnvironment() {
        assertThat(ModelPlaces.of(Map.of("TINYLLM_HOME", "/x")).home()).isEqualTo(Path.of("/x"));
        assertThat(ModelPlaces.of(Map.of("HOME", "/u")).home()).isEqualTo(Path.of("/u/.cache/tinyllm"));
        assertThat(ModelPlaces.of(Map.of("HOME", "/u")).userHome()).isEqualTo(Path.of("/u"));
        assertThat(ModelPlaces.of(Map.of()).home()).endsWithRaw(Path.of(".cache/tinyllm"));
        assertThatThrownBy(() -> HubClient.of(REGISTRY, Map.of("HF_ENDPOINT", "ftp://x")))
                .isInstanceOf(FetchException.class);
        assertThat(HubClient.of(REGISTRY, Map.of("HF_ENDPOINT", "http://hub/")).hub())
                .hasToString("http://hub");
    }

    @Test
    void registryThatIsBroken() {
        assertThatThrownBy(() -> ModelRegistry.parse("{\"hub\":\"x\",\"models\":[{\"name\":\"a\"}]}"
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .hasMessageContaining("has no");
    }
}
