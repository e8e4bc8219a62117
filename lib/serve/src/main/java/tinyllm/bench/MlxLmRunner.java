package tinyllm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    private final PeerEnvironment environment;
    private final ModelConfig config;
    private final Consumer<String> progress;

    /** @param home the lab's home folder */
    public MlxLmRunner(Path home, ModelConfig config, Consumer<String> progress) {
        this.environment = new PeerEnvironment(home, "mlx-lm", "mlx_lm_peer.py", progress);
        this.config = config;
        this.progress = progress;
    }

    @Override
    public String name() {
        return "mlx-lm " + MLX_LM;
    }

    @Override
    public void prepare(Plan plan) throws IOException, InterruptedException {
        String extra = System.getProperty("os.name").startsWith("Linux") ? "[cpu]" : "";
        environment.prepare(
                "mlx-lm " + MLX_LM + " mlx " + MLX,
                "installing mlx-lm " + MLX_LM + " into " + environment.folder() + " (once)",
                List.of("mlx" + extra + "==" + MLX, "mlx-lm==" + MLX_LM),
                Map.of());
        if (!Files.exists(folder().resolve("model.safetensors"))) {
            progress.accept("writing random 4-bit weights of the same shapes to " + folder());
            ChildProcess.run(
                    environment.command("make", folder().toString(), new JsonMapper().writeValueAsString(hubConfig())),
                    Map.of());
        }
    }

    @Override
    public Map<String, Object> run(Plan plan) throws IOException, InterruptedException {
        int prompt = Math.min(plan.promptTokens(), MOST_PROMPT);
        int tokens = Math.min(plan.newTokens(), MOST_TOKENS);
        List<String> command =
                environment.command("run", folder().toString(), Integer.toString(prompt), Integer.toString(tokens));
        Map<String, Object> row = new LinkedHashMap<>(ChildProcess.json(command, OurRunner.threads(plan.threads())));
        row.put("prompt_tokens", prompt);
        row.put("tokens_per_s", row.get(plan.kind().word() + "_tokens_per_s"));
        return row;
    }

    /** One folder for each set of shapes. */
    private Path folder() {
        return environment
                .folder()
                .resolve("random-" + Integer.toHexString(hubConfig().hashCode()));
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
