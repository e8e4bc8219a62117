package tinyllm.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import tinyllm.cache.KvCache;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.kernel.KvKind;
import tinyllm.model.CausalLm;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** What keys and values of 8 bits save and change: their bytes, and how far each given token of a text is from where float16 puts it. */
public final class CacheBench {
    private static final int TOKENS = 1024;
    private static final int CHUNK = 128;

    private final CausalLm model;
    private final Consumer<String> note;

    /**
     * @param model on the kernels {@code reference}, which add no error of their own
     * @param note gets a line about what happens
     */
    public CacheBench(CausalLm model, Consumer<String> note) {
        this.model = model;
        this.note = note;
    }

    /** Bytes of a token, and natural-log differences of the log-probabilities; the text is read once with each cache. */
    public Map<String, Object> run() {
        int[] text = text();
        PageBudget half = PageBudget.tokens(text.length).kind(KvKind.F16);
        PageBudget eight = PageBudget.tokens(text.length).kind(KvKind.INT8);
        double[] exact = given(half, text, "float16");
        double[] changed = given(eight, text, "8 bits");
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < exact.length; i++) {
            differences.add(Math.abs(changed[i] - exact[i]));
        }
        double halfBytes = bytesPerToken(half);
        double eightBytes = bytesPerToken(eight);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("kernels", model.kernels().word());
        row.put("tokens", text.length);
        row.put("f16_bytes_per_token", halfBytes);
        row.put("int8_bytes_per_token", eightBytes);
        row.put("share_of_bytes", eightBytes / halfBytes);
        row.put(
                "mean_difference",
                differences.stream().mapToDouble(d -> d).average().orElseThrow());
        row.put("samples", differences);
        return row;
    }

    /** Prose that no model has by heart, begun again where the tokenizer makes few tokens of it. */
    private int[] text() {
        try (InputStream in = Objects.requireNonNull(CacheBench.class.getResourceAsStream("prose.txt"))) {
            int[] once = model.tokenizer().encode(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            int[] text = new int[Math.min(TOKENS, model.config().maxPositionEmbeddings())];
            Arrays.setAll(text, i -> once[i % once.length]);
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private double bytesPerToken(PageBudget budget) {
        try (PagedKvMemory memory = model.newPages(budget)) {
            return (double) memory.nbytes() / memory.pool().tokens();
        }
    }

    /** The log-probability of each token after the first, given those before it. */
    private double[] given(PageBudget budget, int[] text, String stored) {
        double[] all = new double[text.length - 1];
        try (PagedKvMemory memory = model.newPages(budget);
                KvCache cache = memory.newCache()) {
            for (int from = 0; from < text.length; from += CHUNK) {
                note.accept("keys and values of " + stored + ": token " + from + " of " + text.length);
                int[] chunk = Arrays.copyOfRange(text, from, Math.min(text.length, from + CHUNK));
                try (Scope scope = Scope.open()) {
                    Tensor logits = model.logits(chunk, cache); // [chunk, vocabulary]
                    double[] sums = logits.logSumExp(-1).toDoubles();
                    for (int i = 0; i < chunk.length && from + i + 1 < text.length; i++) {
                        all[from + i] = logits.item(i, text[from + i + 1]) - sums[i];
                    }
                }
            }
        }
        return all;
    }
}
