package tinyllm.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** What the model expects after each given token. */
@Command(name = "logprobs", description = "Log-probabilities after each of the given tokens, at temperature 1.")
final class LogprobsCommand implements Callable<Integer> {

    @Mixin
    private OutputOptions output;

    @Mixin
    private ModelOptions model;

    @Option(names = "--tokens", required = true, split = ",", paramLabel = "ID", description = "ids, as they are given")
    private int[] tokens;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "5",
            description = "show the N most likely tokens (default: ${DEFAULT-VALUE})")
    private int top;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    LogprobsCommand() {}

    @Override
    public Integer call() {
        if (top < 0) {
            throw CommandException.wrongUsage("--top must be 0 or more, but is " + top);
        }
        CausalLm loaded = model.load(output);
        int vocabulary = loaded.config().vocabSize();
        if (top > vocabulary) {
            throw CommandException.wrongUsage(
                    "--top must be at most " + vocabulary + ", the vocabulary of " + loaded.name() + ", but is " + top);
        }
        List<LogProbs> positions = positions(loaded);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("positions", json(positions));
        json.put("kernels", loaded.kernels().word());
        json.put("variants", loaded.variants());
        output.result(json, out -> table(out, positions, loaded));
        return 0;
    }

    private List<LogProbs> positions(CausalLm loaded) {
        List<LogProbs> positions = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            Tensor logits = loaded.logits(tokens).eval(); // [L, V]
            for (int i = 0; i < tokens.length; i++) {
                float[] row = logits.at(i).toFloats();
                Integer next = i + 1 < tokens.length ? tokens[i + 1] : null;
                positions.add(LogProbs.of(row, next, top, i));
            }
        }
        return positions;
    }

    private static List<Map<String, Object>> json(List<LogProbs> positions) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (LogProbs p : positions) {
            Map<String, @Nullable Object> position = new LinkedHashMap<>();
            position.put("token", p.token());
            position.put("logprob", p.logprob());
            position.put(
                    "top",
                    p.top().stream().map(t -> List.of(t.id(), t.logprob())).toList());
            all.add(position);
        }
        return all;
    }

    private void table(PrintWriter out, List<LogProbs> positions, CausalLm loaded) {
        for (int i = 0; i < positions.size(); i++) {
            LogProbs p = positions.get(i);
            Integer token = p.token();
            String next = token == null
                    ? "the end"
                    : String.format(Locale.ROOT, "%d %s %.4f", token, shown(loaded, token), p.logprob());
            out.printf(Locale.ROOT, "%4d  after %d %s: %s%n", i, tokens[i], shown(loaded, tokens[i]), next);
            for (LogProbs.Candidate c : p.top()) {
                out.printf(Locale.ROOT, "        %8.4f  %d %s%n", c.logprob(), c.id(), shown(loaded, c.id()));
            }
        }
    }

    private static String shown(CausalLm model, int id) {
        if (id >= model.tokenizer().vocabSize()) {
            return "(padding)";
        }
        String text = model.tokenizer().decode(id);
        return '"' + text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"';
    }
}
