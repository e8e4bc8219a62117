package tinyllm.lab.exercises.paged;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.PagedKvArrays;
import tinyllm.cache.PagesException;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Given;
import tinyllm.tensor.Tensor;

/** Drives a learner's pages as a model with many sequences would, and keeps what can be seen of them. */
final class PagedRun {
    private static final int PAGE_TOKENS = 4;
    private static final int LAYERS = 2;
    private static final int WIDTH = 3;

    private final PagedKvArrays arrays;
    private final Draw draw;
    private final Map<Integer, Integer> lengths = new TreeMap<>();
    private final List<String> calls = new ArrayList<>();

    PagedRun(PagedKvArrays arrays, long seed, int pages) {
        this.arrays = arrays;
        this.draw = new Draw(seed);
        begin(pages);
    }

    PagedRun begin(int pages) {
        lengths.clear();
        arrays.begin(pages, PAGE_TOKENS, LAYERS, WIDTH);
        return tell("begin");
    }

    /** Some tokens of a sequence, in every layer; where no pages are left, none. */
    PagedRun step(int sequence, int tokens) {
        if (!reserve(sequence, tokens)) {
            return this;
        }
        for (int layer = 0; layer < LAYERS; layer++) {
            float[] keys = draw.normal(tokens, WIDTH).toFloats();
            float[] values = draw.normal(tokens, WIDTH).toFloats();
            arrays.append(sequence, layer, length(sequence), keys, values);
            Arrays.fill(keys, 77); // their owner goes on using them
            Arrays.fill(values, 88);
        }
        lengths.merge(sequence, tokens, Integer::sum);
        return this;
    }

    /** Pages for a step that never comes. */
    boolean reserve(int sequence, int tokens) {
        String call = "reserve " + tokens + " for " + sequence;
        try {
            arrays.reserve(sequence, length(sequence), tokens);
            tell(call);
            return true;
        } catch (PagesException e) {
            tell(call + ", refused");
            return false;
        }
    }

    PagedRun breaksOff(int sequence, int tokens) {
        reserve(sequence, tokens);
        return this;
    }

    PagedRun keep(int sequence, int tokens) {
        arrays.keep(sequence, tokens);
        lengths.put(sequence, tokens);
        return tell("keep " + tokens + " of " + sequence);
    }

    private int length(int sequence) {
        return lengths.getOrDefault(sequence, 0);
    }

    private PagedRun tell(String call) {
        calls.add(call + ": " + arrays.free() + " pages free");
        return this;
    }

    /** The free pages after each call, every sequence's pages as a count, its rows in every layer, and that all pages come back. */
    Map<String, @Nullable Object> seen() {
        Map<String, @Nullable Object> seen = new LinkedHashMap<>();
        seen.put("free pages", List.copyOf(calls));
        lengths.forEach((sequence, length) -> {
            seen.put("pages of sequence " + sequence, Given.back(arrays.table(sequence), "table").length);
            for (int layer = 0; layer < LAYERS; layer++) {
                String of = " of sequence " + sequence + ", layer " + layer;
                seen.put("keys" + of, rows(arrays.keys(sequence, layer, length), length));
                seen.put("values" + of, rows(arrays.values(sequence, layer, length), length));
            }
        });
        lengths.keySet().forEach(sequence -> seen.put("the end of sequence " + sequence, ended(sequence)));
        return seen;
    }

    private String ended(int sequence) {
        try {
            arrays.keep(sequence, 0);
            return arrays.free() + " pages free";
        } catch (RuntimeException e) {
            return "pages that it does not have";
        }
    }

    private static @Nullable Object rows(float @Nullable [] read, int length) {
        return read == null
                ? null
                : read.length == length * WIDTH && length > 0 ? Tensor.of(read, length, WIDTH) : read;
    }
}
