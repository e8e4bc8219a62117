package tinyllm.cli;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tinyllm.text.Tokenizer;

/** Text becomes ids. */
@Command(name = "tokenize", description = "Print the ids of a text.")
final class TokenizeCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Mixin
    private TokenizerOptions options;

    @Option(
            names = "--text",
            required = true,
            paramLabel = "T",
            description = "the text, read as a user's: no special tokens")
    private String text;

    @Option(names = "--special", description = "special tokens written in the text become their ids")
    private boolean special;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    TokenizeCommand() {}

    @Override
    public Integer call() {
        Tokenizer tokenizer = options.tokenizer();
        int[] ids = special ? tokenizer.encodeWithSpecials(text) : tokenizer.encode(text);
        output.result(
                Map.of("tokens", ids),
                out -> out.println(
                        Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","))));
        return 0;
    }
}
