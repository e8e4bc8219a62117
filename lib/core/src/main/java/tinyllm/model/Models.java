package tinyllm.model;

import java.nio.file.Path;
import tinyllm.nn.Parts;
import tinyllm.text.Tokenizer;
import tinyllm.weights.Checkpoint;
import tinyllm.weights.ModelFiles;

/** Finds and loads models. */
public final class Models {

    private Models() {}

    /**
     * Loads a model whole: configuration, tokenizer, chat template, and every weight dequantized to float32.
     *
     * @param nameOrPath a name of the registry, a {@code .gguf} or {@code .safetensors} file, or a folder with safetensors
     * @throws IllegalArgumentException when there is no such model, naming the nearest ones, or when its configuration asks for
     *     something that is not built
     */
    public static CausalLm load(String nameOrPath) {
        return load(nameOrPath, LoadListener.NONE);
    }

    /** The same, telling how far it is. */
    public static CausalLm load(String nameOrPath, LoadListener listener) {
        Path path = ModelFiles.resolve(nameOrPath);
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            ModelConfig config = ModelConfig.from(checkpoint.config(), checkpoint.ropeTraditional());
            TextFiles text = TextReader.read(nameOrPath, checkpoint);
            return new CausalLm(
                    nameOrPath, config, new DecoderLoader(checkpoint, config, listener).load(), text, Parts.library());
        }
    }

    /** The tokenizer of a model alone, without reading a weight. Errors are those of {@link #load(String)}. */
    public static Tokenizer tokenizer(String nameOrPath) {
        try (Checkpoint checkpoint = Checkpoint.open(ModelFiles.resolve(nameOrPath))) {
            return TextReader.read(nameOrPath, checkpoint).tokenizer();
        }
    }

    /** The configuration of a model alone, without reading a weight. Errors are those of {@link #load(String)}. */
    public static ModelConfig config(String nameOrPath) {
        try (Checkpoint checkpoint = Checkpoint.open(ModelFiles.resolve(nameOrPath))) {
            return ModelConfig.from(checkpoint.config(), checkpoint.ropeTraditional());
        }
    }
}
