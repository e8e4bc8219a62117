package tinyllm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Supplier;
import tech.tablesaw.api.Table;
import tinyllm.lab.chart.ColorMap;
import tinyllm.lab.chart.HeatMaps;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.sampling.ChoiceFn;
import tinyllm.tensor.Tensor;
import tinyllm.text.BigramFn;
import tinyllm.text.Tokenizer;

/** A learner's bigram model over a text: its table, what it writes, and how often it is right (chapter 0.2). */
public final class BigramText {

    private final Tokenizer tokenizer;
    private final BigramFn bigram;
    private final int[] tokens;
    private final SortedMap<Integer, SortedMap<Integer, Integer>> counts;

    private BigramText(Tokenizer tokenizer, BigramFn bigram, int[] tokens) {
        this.tokenizer = tokenizer;
        this.bigram = bigram;
        this.tokens = tokens;
        this.counts = bigram.count(tokens.clone());
    }

    /** Cuts the text and counts. */
    public static BigramText of(Tokenizer tokenizer, String text, Supplier<? extends BigramFn> bigram) {
        int[] tokens = tokenizer.encode(text);
        if (tokens.length < 2) {
            throw new IllegalArgumentException(
                    "a bigram model needs at least two tokens of text, not " + tokens.length);
        }
        return new BigramText(tokenizer, bigram.get(), tokens);
    }

    /** What was counted, in one sentence. */
    public String summary() {
        long pairs = counts.values().stream().mapToLong(Map::size).sum();
        long cells = (long) counts.size() * counts.size();
        return String.format(
                Locale.ROOT,
                "%,d tokens, %,d of them different; %,d different pairs, which is %.2f %% of the table",
                tokens.length,
                counts.size(),
                pairs,
                100.0 * pairs / cells);
    }

    /** How often the most frequent tokens follow each other. */
    public Picture table(int most) {
        List<Integer> frequent = counts.entrySet().stream()
                .sorted(Comparator.comparingInt((Map.Entry<Integer, SortedMap<Integer, Integer>> row) ->
                                row.getValue().values().stream()
                                        .mapToInt(n -> n)
                                        .sum())
                        .reversed())
                .limit(Math.clamp(most, 2, 40))
                .map(Map.Entry::getKey)
                .toList();
        float[][] cells = new float[frequent.size()][frequent.size()];
        String largest = "";
        float top = -1;
        for (int r = 0; r < cells.length; r++) {
            SortedMap<Integer, Double> next = bigram.predict(counts, frequent.get(r));
            for (int c = 0; c < cells.length; c++) {
                cells[r][c] = (float) (100 * next.getOrDefault(frequent.get(c), 0.0));
                if (cells[r][c] > top) {
                    top = cells[r][c];
                    largest = label(frequent.get(r)) + " is followed by " + label(frequent.get(c));
                }
            }
        }
        List<String> labels = frequent.stream().map(this::label).toList();
        String title = String.format(Locale.ROOT, "%s in %.0f %% of cases", largest, top);
        return HeatMaps.single(
                title, Tensor.of(cells), labels, labels, ColorMap.RISING, "after this token", "comes this one: %");
    }

    private String label(int token) {
        return Tokens.label(tokenizer.bytes(token));
    }

    /**
     * Writes on, token by token; where nothing ever followed, the text ends.
     *
     * @param choice chooses the next token by a random number
     * @param seed the same seed gives the same text
     */
    public String write(String start, int length, Supplier<? extends ChoiceFn> choice, long seed) {
        ChoiceFn choose = choice.get();
        SplittableRandom random = new SplittableRandom(seed);
        int[] begun = tokenizer.encode(start);
        if (begun.length == 0) {
            throw new IllegalArgumentException("the start is empty: give the text at least one token to go on from");
        }
        List<Integer> text = new ArrayList<>(Arrays.stream(begun).boxed().toList());
        for (int step = 0; step < length; step++) {
            SortedMap<Integer, Double> next = bigram.predict(counts, text.getLast());
            if (next.isEmpty()) {
                break;
            }
            text.add(choose.choose(new TreeMap<>(next), random.nextDouble()));
        }
        return tokenizer.decode(text.stream().mapToInt(i -> i).toArray());
    }

    /** How often the most likely next token was the true one. */
    public record Hits(String model, int tokens, double rightPercent, double unknownPercent) {}

    /**
     * This model and a real one on a text that this one has not seen.
     *
     * @param unseen its first tokens are used
     * @param length how many tokens, 8 to 512
     */
    public List<Hits> against(CausalLm model, String unseen, int length) {
        if (length < 8 || length > 512) {
            throw new IllegalArgumentException("8 to 512 tokens are compared, not " + length);
        }
        int[] all = tokenizer.encode(unseen);
        int[] text = Arrays.copyOf(all, Math.min(length, all.length));
        int[] best = model.logits(text).argmax(-1).toInts();
        int right = 0;
        int unknown = 0;
        int modelRight = 0;
        for (int i = 0; i + 1 < text.length; i++) {
            SortedMap<Integer, Double> next = bigram.predict(counts, text[i]);
            int guess = next.entrySet().stream()
                    .max(Map.Entry.comparingByValue())
                    .map(Map.Entry::getKey)
                    .orElse(-1);
            right += guess == text[i + 1] ? 1 : 0;
            unknown += next.containsKey(text[i + 1]) ? 0 : 1;
            modelRight += best[i] == text[i + 1] ? 1 : 0;
        }
        double steps = text.length - 1.0;
        return List.of(
                new Hits("your bigrams", text.length - 1, 100 * right / steps, 100 * unknown / steps),
                new Hits(model.name(), text.length - 1, 100 * modelRight / steps, 0));
    }

    /** Both as bars, with the guess that was kept under this name. */
    public Picture compare(CausalLm model, String unseen, int length, String guess) {
        List<Hits> hits = against(model, unseen, length);
        Map<String, Double> bars = new LinkedHashMap<>();
        Lab.prediction(guess).ifPresent(p -> bars.put("your guess", p.guess()));
        hits.forEach(hit -> bars.put(hit.model(), hit.rightPercent()));
        String title = String.format(
                Locale.ROOT,
                "Next token right: bigrams %.0f %%, %s %.0f %%",
                hits.getFirst().rightPercent(),
                model.name(),
                hits.getLast().rightPercent());
        Picture picture = Charts.bars(
                title,
                hits.getFirst().tokens() + " tokens of a text that the bigrams have not seen",
                "right, %",
                List.copyOf(bars.keySet()),
                bars.values().stream().mapToDouble(v -> v).toArray());
        String text = String.format(
                Locale.ROOT,
                "%s. Of the true next tokens %.0f %% had never followed in the training text.",
                title,
                hits.getFirst().unknownPercent());
        return new Picture(picture.png(), picture.width(), text);
    }

    /** The pairs that begin with this token's text, most frequent first. */
    public Table followers(String token, int most) {
        int id = tokenizer.encode(token)[0];
        record Follower(String next, int count, double percent) {}
        SortedMap<Integer, Double> next = bigram.predict(counts, id);
        List<Follower> rows = next.entrySet().stream()
                .sorted(Map.Entry.<Integer, Double>comparingByValue().reversed())
                .limit(most)
                .map(entry -> new Follower(
                        label(entry.getKey()),
                        counts.getOrDefault(id, new TreeMap<>()).getOrDefault(entry.getKey(), 0),
                        100 * entry.getValue()))
                .toList();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("nothing ever followed \"" + token + "\" in the text");
        }
        return Tables.of(rows);
    }
}
