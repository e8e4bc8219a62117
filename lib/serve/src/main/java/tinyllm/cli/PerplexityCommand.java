package tinyllm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tinyllm.kernel.KernelSet;
import tinyllm.model.CausalLm;
import tinyllm.model.LoadListener;
import tinyllm.model.Models;
import tinyllm.model.TextQuality;
import tinyllm.tensor.Device;
import tinyllm.weights.AffineQuantization;

/** What a model loses by its bits and kernels: how well it expects a text, and how far it is from a float32 pass over the file's weights. */
@Command(
        name = "perplexity",
        description = "How well a model expects a text, and how far its distributions are from a float32 pass over the"
                + " weights as the file has them.")
final class PerplexityCommand implements Callable<Integer> {

    private static final int STANDARD_WINDOW = 512;

    /** How activations enter a product. */
    enum Activations {
        FLOAT,
        INT8
    }

    @Mixin
    private OutputOptions output;

    @Mixin
    private ModelOptions model;

    @Option(names = "--file", required = true, paramLabel = "F", description = "a text in UTF-8")
    private Path file;

    @Option(
            names = "--bits",
            paramLabel = "N",
            description =
                    "quantize every matrix anew to 2, 3, 4, 5, 6 or 8 bits (default: the weights as the file has them)")
    private @Nullable Integer bits;

    @Option(
            names = "--group",
            paramLabel = "N",
            description = "columns that share a scale, with --bits: 32, 64 or 128 (default: 64)")
    private @Nullable Integer group;

    @Option(
            names = "--activations",
            paramLabel = "WHAT",
            description =
                    "int8 (default with --kernels own) or float (default else): picks the kernels where none are named")
    private @Nullable Activations activations;

    @Option(
            names = "--window",
            paramLabel = "N",
            description =
                    "the text is cut into pieces of N tokens, each read from an empty context (default: 512, or what"
                            + " the context holds)")
    private @Nullable Integer windowAsked;

    @Option(names = "--tokens", paramLabel = "N", description = "read the first N tokens only")
    private @Nullable Integer most;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields
    PerplexityCommand() {}

    @Override
    public Integer call() {
        AffineQuantization form = form();
        KernelSet kernels = kernels();
        int context = ModelOptions.reading(model.name(), () -> Models.config(model.name()))
                .maxPositionEmbeddings();
        int window = window(context);
        int[] tokens = tokens();
        model.useThreads();
        output.note("loading the weights as they are, in float32");
        CausalLm truth = load(null, KernelSet.REFERENCE);
        boolean same = form == null && kernels == KernelSet.REFERENCE;
        CausalLm measured = same ? truth : load(form, kernels);
        output.note("reading " + tokens.length + " tokens");
        Result result = new Result(
                TextQuality.of(measured, truth, tokens, window),
                measured,
                form,
                Models.fileBytes(model.name(), form),
                truth.weightBytes() / 2);
        output.result(json(result, tokens.length, window), out -> table(out, result));
        return 0;
    }

    private record Result(
            TextQuality quality,
            CausalLm measured,
            @Nullable AffineQuantization form,
            long storedBytes,
            long bfloat16Bytes) {

        String activations() {
            return measured.kernels() == KernelSet.OWN ? "int8" : "float";
        }
    }

    private @Nullable AffineQuantization form() {
        if (bits == null) {
            if (group != null) {
                throw CommandException.wrongUsage("--group comes with --bits, which says what to quantize to");
            }
            return null;
        }
        try {
            return new AffineQuantization(bits, group == null ? 64 : group);
        } catch (IllegalArgumentException e) {
            throw CommandException.wrongUsage("--bits and --group: " + e.getMessage());
        }
    }

    private KernelSet kernels() {
        KernelSet standard = activations == Activations.FLOAT
                ? KernelSet.REFERENCE
                : activations == Activations.INT8 ? KernelSet.OWN : KernelSet.standard(Device.current());
        KernelSet set = model.kernels(standard);
        if (activations != null && (activations == Activations.INT8) != (set == KernelSet.OWN)) {
            throw CommandException.wrongUsage("--kernels " + set.word() + " has "
                    + (set == KernelSet.OWN ? "int8" : "float") + " activations: leave --activations away, or name"
                    + (set == KernelSet.OWN ? " mlx or reference" : " own"));
        }
        return set;
    }

    private int window(int context) {
        int window = windowAsked == null ? Math.min(STANDARD_WINDOW, context) : windowAsked;
        if (window < 2 || window > context) {
            throw CommandException.wrongUsage(
                    "--window must be in 2…" + context + ", the context of " + model.name() + ", but is " + window);
        }
        return window;
    }

    private int[] tokens() {
        if (!Files.isRegularFile(file)) {
            throw CommandException.wrongUsage("--file " + file + " is not a file");
        }
        int[] tokens;
        try {
            tokens = Models.tokenizer(model.name()).encode(Files.readString(file));
        } catch (CharacterCodingException e) {
            throw CommandException.failed(file + " is not text in UTF-8");
        } catch (IOException e) {
            throw CommandException.failed(file + " can't be read: " + e.getMessage());
        }
        if (most != null && most < 2) {
            throw CommandException.wrongUsage("--tokens must be 2 or more, but is " + most);
        }
        tokens = most == null ? tokens : Arrays.copyOf(tokens, Math.min(most, tokens.length));
        if (tokens.length < 2) {
            throw CommandException.failed(file + " has " + tokens.length
                    + " tokens, and two are the least: the second is the first that can be predicted");
        }
        return tokens;
    }

    private CausalLm load(@Nullable AffineQuantization form, KernelSet kernels) {
        return ModelOptions.reading(model.name(), () -> Models.load(model.name(), kernels, form, LoadListener.NONE));
    }

    private Map<String, @Nullable Object> json(Result result, int tokens, int window) {
        TextQuality quality = result.quality();
        AffineQuantization form = result.form();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("model", model.name());
        json.put("file", file.toString());
        json.put("tokens", tokens);
        json.put("window", window);
        json.put("predicted", quality.tokens());
        json.put("bits", form == null ? null : form.bits());
        json.put("group", form == null ? null : form.groupSize());
        json.put("activations", result.activations());
        json.put("kernels", result.measured().kernels().word());
        json.put("variants", result.measured().variants());
        json.put("stored_bytes", result.storedBytes());
        json.put("weight_bytes", result.measured().weightBytes());
        json.put("bfloat16_bytes", result.bfloat16Bytes());
        json.put("perplexity", Json.number(quality.perplexity()));
        json.put("truth_perplexity", Json.number(quality.basePerplexity()));
        json.put("mean_kl", quality.kl());
        json.put("top_agreement", quality.agreement());
        json.put("mean_logprob_difference", quality.meanDifference());
        return json;
    }

    private void table(PrintWriter out, Result result) {
        TextQuality quality = result.quality();
        AffineQuantization form = result.form();
        out.printf(
                Locale.ROOT,
                "%s%s, %s activations, %s of weights stored, %s in memory%n",
                model.name(),
                form == null ? "" : " at " + form.bits() + " bits, groups of " + form.groupSize(),
                result.activations(),
                Bytes.text(result.storedBytes()),
                Bytes.text(result.measured().weightBytes()));
        out.printf(
                Locale.ROOT,
                "perplexity %.4f over %d tokens; %.4f in float32 with the file's weights%n",
                quality.perplexity(),
                quality.tokens(),
                quality.basePerplexity());
        out.printf(
                Locale.ROOT,
                "against that: KL %.6f nats a token, same top token %.2f %%, mean difference of log-probabilities"
                        + " %.5f%n",
                quality.kl(),
                100 * quality.agreement(),
                quality.meanDifference());
    }
}
