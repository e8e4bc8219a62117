package tinyllm.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import tinyllm.bench.ProcessMemory;
import tinyllm.engine.Completion;
import tinyllm.engine.Generator;
import tinyllm.model.CausalLm;
import tinyllm.sampling.SamplingParams;
import tinyllm.sampling.json.JsonSchema;
import tinyllm.sampling.json.SchemaException;

/** One completion. */
@Command(name = "generate", description = "Write one completion of a prompt.")
final class GenerateCommand implements Callable<Integer> {

    @ParentCommand
    private Main main;

    @Mixin
    private OutputOptions output;

    @Mixin
    private ModelOptions model;

    @Mixin
    private SamplingOptions sampling;

    @Mixin
    private SolutionOptions solution;

    @Option(names = "--prompt", required = true, paramLabel = "P", description = "the text, as one user message")
    private String prompt;

    @Option(names = "--raw", description = "take the prompt as it stands, without the model's chat template")
    private boolean raw;

    @Option(
            names = "--json-schema",
            paramLabel = "FILE",
            description = "hold the answer to the JSON Schema in this file; \"-\" reads standard input")
    private @Nullable String schema;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    GenerateCommand() {}

    @Override
    public Integer call() {
        SamplingParams params = sampling.params(0);
        int maxTokens = sampling.maxTokens();
        if (raw ? prompt.isEmpty() : prompt.isBlank()) {
            throw CommandException.wrongUsage(
                    "--prompt is empty: write what the model should " + (raw ? "continue" : "answer"));
        }
        String schemaText = schemaText();
        CausalLm loaded = model.load(output, solution.mine());
        Completion done = run(loaded, params, maxTokens, schemaText);
        Map<String, Object> json = json(done, loaded);
        json.putAll(solution.json());
        output.result(json, out -> out.println());
        output.note(summary(done, loaded));
        return 0;
    }

    private Completion run(CausalLm loaded, SamplingParams params, int maxTokens, @Nullable String schemaText) {
        Generator plain = solution.apply(new Generator(loaded), output);
        Generator generator = schemaText == null ? plain : plain.json(schemaText);
        Consumer<String> onText = output.json() ? piece -> {} : this::show;
        return raw
                ? generator.complete(loaded.tokenizer().encode(prompt), params, maxTokens, onText)
                : generator.chat(prompt, params, maxTokens, onText);
    }

    /** Read and tried before the model is loaded. */
    private @Nullable String schemaText() {
        if (schema == null) {
            return null;
        }
        try {
            String text = schema.equals("-")
                    ? new String(main.in().readAllBytes(), StandardCharsets.UTF_8)
                    : Files.readString(Path.of(schema));
            JsonSchema.compile(text);
            return text;
        } catch (IOException | InvalidPathException e) {
            throw CommandException.wrongUsage("--json-schema " + schema + " can't be read: " + e.getMessage());
        } catch (SchemaException e) {
            throw CommandException.wrongUsage("--json-schema " + schema + ": " + e.getMessage());
        }
    }

    private void show(String piece) {
        output.out().print(piece);
        output.out().flush();
    }

    private static Map<String, Object> json(Completion done, CausalLm model) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("text", done.text());
        json.put("tokens", done.tokens());
        json.put("prompt_tokens", done.promptTokens());
        json.put("completion_tokens", done.tokens().size());
        json.put("finish_reason", done.finishReason());
        json.put("ttft_ms", Json.rounded(done.ttftMs(), 3));
        json.put("decode_tokens_per_s", Json.rounded(done.decodeTokensPerSecond(), 3));
        json.put("prefill_tokens_per_s", Json.rounded(done.prefillTokensPerSecond(), 3));
        json.put("kernels", model.kernels().word());
        json.put("variants", model.variants());
        json.put("weight_bytes", model.weightBytes());
        return json;
    }

    private static String summary(Completion done, CausalLm model) {
        String speed = Double.isNaN(done.decodeTokensPerSecond())
                ? ""
                : String.format(Locale.ROOT, ", %.1f tokens/s after it", done.decodeTokensPerSecond());
        return String.format(
                Locale.ROOT,
                "[%d + %d tokens, %s; first token after %.0f ms%s; %s of weights, %s in memory]",
                done.promptTokens(),
                done.tokens().size(),
                done.finishReason(),
                done.ttftMs(),
                speed,
                Bytes.text(model.weightBytes()),
                Bytes.text(ProcessMemory.resident()));
    }
}
