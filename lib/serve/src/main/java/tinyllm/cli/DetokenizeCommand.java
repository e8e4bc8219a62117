package tinyllm.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tinyllm.text.Tokenizer;

/** Ids become text. */
@Command(name = "detokenize", description = "Print the text of ids, special tokens as their text.")
final class DetokenizeCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Mixin
    private TokenizerOptions options;

    @Option(names = "--tokens", required = true, split = ",", paramLabel = "ID", description = "ids")
    private int[] tokens;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    DetokenizeCommand() {}

    @Override
    public Integer call() {
        Tokenizer tokenizer = options.tokenizer();
        for (int id : tokens) {
            if (id < 0 || id >= tokenizer.vocabSize()) {
                throw CommandException.wrongUsage("token " + id + " is not in 0…" + (tokenizer.vocabSize() - 1)
                        + ", the ids that the tokenizer of " + options.name() + " knows");
            }
        }
        String text = tokenizer.decode(tokens);
        output.result(Map.of("text", text), out -> out.println(text));
        return 0;
    }
}
