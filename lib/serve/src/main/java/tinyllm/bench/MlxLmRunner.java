package tinyllm.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import tinyllm.model.ModelConfig;
import tools.jackson.databind.json.JsonMapper;

/**
 * mlx-lm with the stock wheel, in a virtual environment under the lab's home. It cannot read GGUF, so it gets a folder of the
 * same shapes with random 4-bit weights in groups of 64, as MLX's checkpoints have them.
 */
public final class MlxLmRunner implements Runner {

    private static final String MLX_LM = "0.32.2";
    private static final String MLX = "0.32.4";

    /** It takes minutes for more on a CPU; each row says what it was given. */
    private static final int MOST_PROMPT = 32;

    private static final int MOST_TOKENS = 16;

    private final Path home;
    private final ModelConfig config;
    private final Consumer<String> progress;

    /** @param home the lab's home folder */
    public MlxLmRunner(Path home, ModelConfig config, Consumer<String> progress) {
        this.home = home.resolve("peers").resolve("mlx-lm");
        this.config = config;
        this.progress = progress;
    }

    @Override
    public String name() {
        return "mlx-lm " + MLX_LM;
    }

    @Override
    public void prepare(Plan plan) throws IOException, InterruptedException {
        Files.createDirectories(home);
        install();
        try (InputStream script = Objects.requireNonNull(MlxLmRunner.class.getResourceAsStream("mlx_lm_peer.py"))) {
            Files.copy(script, script(), StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(folder().resolve("model.safetensors"))) {
            progress.accept("writing random 4-bit weights of the same shapes to " + folder());
            ChildProcess.run(
                    python("make", folder().toString(), new JsonMapper().writeValueAsString(hubConfig())), Map.of());
        }
    }

    @Override
    public Map<String, Object> run(Plan plan) throws IOException, InterruptedException {
        int prompt = Math.min(plan.promptTokens(), MOST_PROMPT);
        int tokens = Math.min(plan.newTokens(), MOST_TOKENS);
        List<String> command = python("run", folder().toString(), Integer.toString(prompt), Integer.toString(tokens));
        Map<String, Object> row = new LinkedHashMap<>(ChildProcess.json(command, OurRunner.threads(plan.threads())));
        row.put("prompt_tokens", prompt);
        row.put("tokens_per_s", row.get(plan.kind().word() + "_tokens_per_s"));
        return row;
    }

    /** A stamp is written last, so that an interrupted installation is done again. */
    private void install() throws IOException, InterruptedException {
        Path stamp = home.resolve("installed");
        String wanted = "mlx-lm " + MLX_LM + " mlx " + MLX;
        if (Files.exists(stamp) && Files.readString(stamp).equals(wanted)) {
            return;
        }
        progress.accept("installing mlx-lm " + MLX_LM + " into " + home + " (once)");
        String base = Objects.requireNonNullElse(System.getenv("TINYLLM_PYTHON"), "python3");
        ChildProcess.run(
                List.of(base, "-m", "venv", "--clear", home.resolve("venv").toString()), Map.of());
        String extra = System.getProperty("os.name").startsWith("Linux") ? "[cpu]" : "";
        ChildProcess.run(
                List.of(
                        venvPython(),
                        "-m",
                        "pip",
                        "install",
                        "--quiet",
                        "--disable-pip-version-check",
                        "mlx" + extra + "==" + MLX,
                        "mlx-lm==" + MLX_LM),
                Map.of());
        Files.writeString(stamp, wanted);
    }

    private List<String> python(String command, String... arguments) {
        List<String> all = new java.util.ArrayList<>(List.of(venvPython(), script().toString(), command));
        all.addAll(List.of(arguments));
        return all;
    }

    private String venvPython() {
        return home.resolve("venv").resolve("bin").resolve("python").toString();
    }

    private Path script() {
        return home.resolve("mlx_lm_peer.py");
    }

    /** One folder for each set of shapes. */
    private Path folder() {
        return home.resolve("random-" + Integer.toHexString(hubConfig().hashCode()));
    }

    private Map<String, Object> hubConfig() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model_type", config.family().name().toLowerCase(java.util.Locale.ROOT));
        fields.put("hidden_size", config.hiddenSize());
        fields.put("num_hidden_layers", config.numHiddenLayers());
        fields.put("intermediate_size", config.intermediateSize());
        fields.put("num_attention_heads", config.numAttentionHeads());
        fields.put("num_key_value_heads", config.numKeyValueHeads());
        fields.put("head_dim", config.headDim());
        fields.put("vocab_size", config.vocabSize());
        fields.put("rms_norm_eps", config.rmsNormEps());
        fields.put("rope_theta", config.ropeTheta());
        fields.put("max_position_embeddings", config.maxPositionEmbeddings());
        fields.put("tie_word_embeddings", config.tieWordEmbeddings());
        return fields;
    }
}
