package tinyllm.cli;

import picocli.CommandLine.Option;
import tinyllm.model.Models;
import tinyllm.text.Tokenizer;

/** The model whose tokenizer is asked for; its weights are not read. */
final class TokenizerOptions {

    @Option(
            names = "--model",
            required = true,
            paramLabel = "M",
            description = "a name of ./lab models, a .gguf file, or a folder with safetensors")
    private String model;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    TokenizerOptions() {}

    String name() {
        return model;
    }

    Tokenizer tokenizer() {
        return ModelOptions.reading(model, () -> Models.tokenizer(model));
    }
}
