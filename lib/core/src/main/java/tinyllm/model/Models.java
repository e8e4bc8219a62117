package tinyllm.model;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tinyllm.kernel.KernelSet;
import tinyllm.nn.Parts;
import tinyllm.text.Tokenizer;
import tinyllm.weights.AffineQuantization;
import tinyllm.weights.Checkpoint;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.RequantizedCheckpoint;

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
        return load(nameOrPath, KernelSet.REFERENCE, listener);
    }

    /**
     * Loads a model for a set of kernels. A model that our own can't take (nothing in it is quantized, or a width is no multiple of 32)
     * is loaded for {@code reference}, with a cache; {@link CausalLm#variants()} says why.
     */
    public static CausalLm load(String nameOrPath, KernelSet kernels, LoadListener listener) {
        return load(nameOrPath, kernels, null, listener);
    }

    /**
     * The same with every matrix quantized anew at load, whatever the file holds (chapter 2.2); see {@link RequantizedCheckpoint}.
     *
     * @param weights bits and group size; null to keep the file's
     */
    public static CausalLm load(
            String nameOrPath, KernelSet kernels, @Nullable AffineQuantization weights, LoadListener listener) {
        Path path = ModelFiles.resolve(nameOrPath);
        try (Checkpoint stored = Checkpoint.open(path)) {
            Checkpoint checkpoint = weights == null ? stored : new RequantizedCheckpoint(stored, weights);
            ModelConfig config = ModelConfig.from(checkpoint.config(), checkpoint.ropeTraditional());
            TextFiles text = TextReader.read(nameOrPath, checkpoint);
            return new CausalLm(
                    nameOrPath, config, backbone(checkpoint, config, kernels, listener), text, Parts.library());
        }
    }

    /** Bytes of the file's tensors that a decode step reads: all but the token table, which it reads too where it is the output layer. */
    public static long bytesPerToken(String nameOrPath) {
        try (Checkpoint checkpoint = Checkpoint.open(ModelFiles.resolve(nameOrPath))) {
            boolean tied = ModelConfig.from(checkpoint.config(), checkpoint.ropeTraditional())
                    .tieWordEmbeddings();
            return checkpoint.names().stream()
                    .filter(name -> tied || !name.equals("model.embed_tokens.weight"))
                    .mapToLong(checkpoint::fileBytes)
                    .sum();
        }
    }

    /** Bytes of all weights with every matrix quantized anew, as a file would hold them; null for the file's own. */
    public static long fileBytes(String nameOrPath, @Nullable AffineQuantization weights) {
        try (Checkpoint stored = Checkpoint.open(ModelFiles.resolve(nameOrPath))) {
            Checkpoint checkpoint = weights == null ? stored : new RequantizedCheckpoint(stored, weights);
            return checkpoint.names().stream().mapToLong(checkpoint::fileBytes).sum();
        }
    }

    private static Backbone backbone(
            Checkpoint checkpoint, ModelConfig config, KernelSet kernels, LoadListener listener) {
        DecoderLoader floats = new DecoderLoader(checkpoint, config, listener);
        floats.check();
        String obstacle = KernelLoader.obstacle(checkpoint, config, kernels);
        if (kernels != KernelSet.REFERENCE && obstacle == null) {
            return new KernelLoader(checkpoint, config, kernels, listener).load();
        }
        return new ReferenceBackbone(config, floats.load(), obstacle);
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
