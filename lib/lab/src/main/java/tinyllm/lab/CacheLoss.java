package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.cache.CodedKvCache;
import tinyllm.cache.CompressedKvCache;
import tinyllm.cache.KeepFn;
import tinyllm.cache.KvCache;
import tinyllm.cache.KvCodecFn;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvMemory;
import tinyllm.lab.view.Live;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.model.TextQuality;
import tinyllm.tensor.Scope;
import tinyllm.tensor.Tensor;

/** What a model loses, and what its cache weighs, when keys and values are coarser or fewer (chapter 4.1). */
public final class CacheLoss {

    /** Tokens of a step: a cache that forgets does so between steps. */
    private static final int STEP = 8;

    private static final int LEAST = 64;
    private static final int MOST = 96;

    /**
     * One cache over the text.
     *
     * @param kb what it held at the end
     * @param difference mean absolute difference of the log-probabilities of the tokens that came
     * @param agreementPercent positions at which the most likely token stayed the same
     */
    public record Row(String cache, double kb, double difference, double agreementPercent) {}

    private final CausalLm model;
    private final int[] tokens;
    private final Tensor base;
    private final double baseKb;
    private final List<Row> rows = new ArrayList<>();

    private CacheLoss(CausalLm model, int[] tokens) {
        this.model = model;
        this.tokens = tokens;
        try (KvCache whole = model.newCache(tokens.length)) {
            this.base = read(whole);
            this.baseKb = kb(whole.nbytes(), tokens.length);
        }
    }

    /**
     * Reads the text with a cache of float32 that forgets nothing.
     *
     * @param text 64 tokens or more; of a longer one the first 96
     */
    public static CacheLoss of(CausalLm model, String text) {
        int[] all = model.tokenizer().encode(text);
        if (all.length < LEAST) {
            throw new IllegalArgumentException("the text has " + all.length + " tokens; 64 or more are needed");
        }
        return new CacheLoss(model, Arrays.copyOf(all, Math.min(all.length, most())));
    }

    /** How many tokens of a text are looked at: each is a step of the model for each cache. */
    static int most() {
        return Lab.quick() ? LEAST : MOST;
    }

    /** Codes of so many bits, by a learner's codec. */
    public CacheLoss coded(String name, KvCodecFn codec, int keyBits, int valueBits) {
        int layers = model.config().numHiddenLayers();
        return measure(name, () -> new CodedKvCache(codec, layers, tokens.length, keyBits, valueBits));
    }

    /** Fewer tokens, by a learner's choice. */
    public CacheLoss fewer(String name, KeepFn choice, int sinks, int heavy, int recent) {
        int layers = model.config().numHiddenLayers();
        return measure(name, () -> new CompressedKvCache(choice, layers, tokens.length, sinks, heavy, recent));
    }

    /** This lab's pages, which store quantized keys before their bias and their rotation. */
    public CacheLoss pages(String name, PageBudget form) {
        try (PagedKvMemory memory = model.newPages(form.room(tokens.length + 1))) {
            return measure(name, memory::newCache);
        }
    }

    private CacheLoss measure(String name, Supplier<? extends KvCache> caches) {
        try (Scope _ = Scope.open();
                KvCache cache = caches.get()) {
            TextQuality quality = TextQuality.of(read(cache), base, tokens);
            rows.removeIf(row -> row.cache().equals(name));
            rows.add(new Row(name, cache.nbytes() / 1e3, quality.meanDifference(), 100 * quality.agreement()));
        }
        return this;
    }

    /** {@code [L, V]}: the text in steps, as a conversation brings it. */
    private Tensor read(KvCache cache) {
        List<Tensor> parts = new ArrayList<>();
        try (Live live = new Live()) {
            for (int at = 0; at < tokens.length; at += STEP) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the measurement was interrupted");
                }
                int[] step = Arrays.copyOfRange(tokens, at, Math.min(tokens.length, at + STEP));
                Tensor logits = model.logits(step, cache);
                parts.add(logits.reshape(step.length, logits.dim(-1)).eval());
                live.progress("token " + (at + step.length) + " of " + tokens.length, at + step.length, tokens.length);
            }
        }
        return Scope.escape(Tensor.concat(0, parts.toArray(Tensor[]::new)).eval());
    }

    private double kb(long bytes, int count) {
        return Math.min(bytes, (double) count * model.config().kvBytesPerToken(Float.BYTES)) / 1e3;
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    public Table table() {
        return Tables.of(rows);
    }

    /** kB that each cache held. */
    public Picture bytes(String guess) {
        List<String> names = new ArrayList<>(List.of("float32, all"));
        rows.forEach(row -> names.add(row.cache()));
        double[] values = new double[names.size()];
        values[0] = baseKb;
        for (int i = 1; i < values.length; i++) {
            values[i] = rows.get(i - 1).kb();
        }
        double least = Arrays.stream(values).min().orElse(baseKb);
        String guessed = Lab.prediction(guess)
                .map(p -> String.format(Locale.ROOT, " (your guess: %s %s)", p.guess(), p.unit()))
                .orElse("");
        return Charts.bars(
                String.format(
                        Locale.ROOT,
                        "%d tokens: %.0f kB in float32, %.0f kB at least%s",
                        tokens.length,
                        baseKb,
                        least,
                        guessed),
                "cache",
                "kB",
                names,
                values);
    }

    /** What each loses against what it weighs: low and left is good. */
    public Picture loss() {
        Comparator<Row> byLoss = Comparator.comparingDouble(Row::difference);
        Row best = rows.stream().min(byLoss).orElseThrow(() -> new IllegalStateException("nothing was measured yet"));
        Row worst = rows.stream().max(byLoss).orElseThrow();
        Plot plot = Charts.plot(
                        String.format(
                                Locale.ROOT,
                                "\"%s\" moves log-probabilities by %.2g, \"%s\" by %.2g",
                                best.cache(),
                                best.difference(),
                                worst.cache(),
                                worst.difference()),
                        "kB of the cache",
                        "mean change of log-probability")
                .logY();
        rows.forEach(row ->
                plot.points(row.cache(), new double[] {row.kb()}, new double[] {Math.max(1e-4, row.difference())}));
        return plot.picture();
    }
}
