package tinyllm.lab.exercises.flash.gpu;

import java.time.Duration;
import java.util.Map;
import java.util.function.LongFunction;
import tinyllm.kernel.KernelRun;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.Tensor;

/** Exercises "2.5b tiles" and "2.5b causal": many queries share each tile of keys. */
public final class PrefillExercises {

    private static final int HEAD = PrefillKernels.HEAD;
    private static final String TILES = PrefillKernels.TILES;
    private static final String CAUSAL = PrefillKernels.CAUSAL;
    private static final String SKIPPED_TILES = "tiles beyond the diagonal are skipped";
    private static final Duration DEADLINE = Duration.ofSeconds(120); // a compiler runs for each new text

    public static final Exercise<KernelText> SHARED = common("2.5b tiles", TILES, false)
            .title("64 queries share each tile of keys")
            .reference(PrefillKernels::tiles)
            .hint(
                    "The threads load a tile together: 32 · 64 numbers, thread t takes the places t, t + 64, t + 128 … of k_tile and"
                            + " v_tile. Then each thread walks over the tile's keys for its own query.")
            .hint(
                    "Two barriers for each tile: one after loading, so that nobody reads what is not there yet, and one before"
                            + " loading, so that nobody overwrites what a slower thread still reads.")
            .hint(
                    "The last tile may hold fewer than 32 keys: load zeros beyond the end, and let j run to keys - k0 there. A zero"
                            + " key is not nothing: it has score 0 and would get weight.")
            .check(attending("64 queries, 64 keys", false, seed -> heads(seed, 1, 1, 64, 64, 1)))
            .check(attending("20 keys: not a whole tile", false, seed -> heads(seed, 2, 1, 64, 20, 1)))
            .check(attending("70 queries: two threadgroups", false, seed -> heads(seed, 1, 1, 70, 45, 1)))
            .check(attending("5 queries, 4 heads read 2", false, seed -> heads(seed, 4, 2, 5, 40, 1)))
            .check(attending("scores of hundreds", false, seed -> heads(seed, 1, 1, 9, 50, 60)))
            .mistake(
                    "keys beyond the end",
                    "The last tile was walked to its end: beyond the last key stand zeros, whose score is 0 and not −∞, so they take"
                            + " weight from the others. Stop at keys - k0.",
                    Sources.edited(TILES, "j < min(32u, keys - k0)", "j < 32"))
            .build();

    public static final Exercise<KernelText> SKIPPED = common("2.5b causal", CAUSAL, true)
            .title("Tiles beyond the diagonal are never loaded")
            .reference(PrefillKernels::causal)
            .hint(
                    "The queries are the last positions: query i stands at position keys − length + i and sees the keys up to there.")
            .hint(
                    "All 64 threads share the loop over tiles, since all meet in its barriers: it ends where the last of the 64 queries"
                            + " sees no more. Within a tile each thread stops at its own position.")
            .hint(
                    "past = keys - length; stop = min(keys, past + first + 64); for (k0 = 0; k0 < stop; k0 += 32) and inside"
                            + " for (j = 0; j < 32 && k0 + j <= past + query && k0 + j < keys; ++j).")
            .check(attending("64 queries, 64 keys", true, seed -> heads(seed, 1, 1, 64, 64, 1)))
            .check(attending("fewer queries than keys", true, seed -> heads(seed, 2, 1, 10, 50, 1)))
            .check(attending("70 queries, 70 keys", true, seed -> heads(seed, 1, 1, 70, 70, 1)))
            .check(attending("one query, 33 keys", true, seed -> heads(seed, 2, 2, 1, 33, 1)))
            .check(skipping("what 128 queries load", seed -> heads(seed, 1, 1, 128, 128, 1)))
            .mistake(
                    "no mask",
                    "The queries see keys that come after them: query i stands at position keys − length + i, and its walk ends there.",
                    Sources.edited(CAUSAL, "k0 + j <= past + query && ", ""))
            .mistake(
                    "one key too few",
                    "A query does not see its own key: position keys − length + i is included, so it is <= and not <.",
                    Sources.edited(CAUSAL, "k0 + j <= past + query", "k0 + j < past + query"))
            .mistake(
                    "queries from position 0",
                    "With fewer queries than keys the mask stands in the wrong place: the queries are the last positions, so query i"
                            + " stands at keys − length + i.",
                    Sources.edited(CAUSAL, "k0 + j <= past + query", "k0 + j <= query"))
            .mistake(
                    "nothing skipped",
                    "The numbers are right, and every tile was loaded: tiles after the last of the 64 queries hold nothing that"
                            + " anybody may see. End the loop at keys − length + first + 64.",
                    Sources.edited(CAUSAL, "stop = min(keys, past + first + 64)", "stop = keys"))
            .mistake(
                    "a tile too few",
                    "The loop over tiles ends before the diagonal: the last query of the threadgroup stands at past + first + 63.",
                    Sources.edited(CAUSAL, "past + first + 64", "past + first + 32"))
            .build();

    private PrefillExercises() {}

    /** Mistakes that both kernels have. */
    private static Exercise.Builder<KernelText> common(String id, String text, boolean causal) {
        String barrier = "  threadgroup_barrier(mem_flags::mem_threadgroup);\n";
        return Exercise.of(id, KernelText.class)
                .deadline(DEADLINE)
                .mistake(
                        "no barrier after loading",
                        "A thread reads places of the tile that others have not written yet: between loading and reading stands a"
                                + " threadgroup_barrier.",
                        Sources.edited(text, "  }\n" + barrier, "  }\n"))
                .mistake(
                        "no barrier before loading",
                        "A fast thread loads the next tile while a slower one still reads this one: the loop begins with a"
                                + " threadgroup_barrier, too.",
                        Sources.edited(text, barrier + "  for (uint i = t", "  for (uint i = t"))
                .mistake(
                        "sum not rescaled",
                        "When a larger score came, the sum of weights stayed as it was: multiply it by exp(old largest − new).",
                        Sources.edited(text, "sum = sum * keep + weight", "sum = sum + weight"))
                .mistake(
                        "values not rescaled",
                        "When a larger score came, the summed values stayed as they were: multiply them by exp(old largest − new).",
                        Sources.edited(text, "values[d] * keep + weight", "values[d] + weight"))
                .mistake(
                        "not divided",
                        "The values are sums of weight times value: divide by the sum of the weights at the end.",
                        Sources.edited(text, "values[d] / sum", "values[d]"))
                .mistake(
                        "always the first tile",
                        "Every round loaded the first 32 keys again: the tile begins at key k0.",
                        Sources.edited(text, "start + k0 * 64 + i", "start + i"))
                .mistake(
                        "tile half filled",
                        "Only a part of the tile was loaded: 64 threads have 32 · 64 numbers to bring, so each takes the places t, t"
                                + " + 64, t + 128 …",
                        Sources.edited(text, "i < 32 * 64", "i < 16 * 64"));
    }

    private static Case<KernelText> attending(String name, boolean causal, LongFunction<AttentionInputs> inputs) {
        return Case.of(
                        name,
                        inputs,
                        (KernelText answer, AttentionInputs in) ->
                                inspect(answer, in).outputs().getFirst(),
                        in -> in.attention(causal))
                .within(1e-4, 1e-4);
    }

    /** What a kernel loads that skips tiles, whatever it computes. */
    private static Case<KernelText> skipping(String name, LongFunction<AttentionInputs> inputs) {
        return Case.of(
                name,
                inputs,
                (KernelText answer, AttentionInputs in) -> Map.of(SKIPPED_TILES, numbersRead(answer, in) <= most(in)),
                in -> Map.of(SKIPPED_TILES, true));
    }

    private static KernelRun inspect(KernelText answer, AttentionInputs in) {
        return KernelCheck.inspect(
                answer,
                PrefillKernels::named,
                PrefillKernels.launch(in.heads(), in.queries()),
                in.q(),
                in.k(),
                in.v(),
                Tensor.scalar((float) AttentionInputs.SCALE));
    }

    /** Numbers that all threads together read from device memory. */
    private static long numbersRead(KernelText answer, AttentionInputs in) {
        return inspect(answer, in).report().accesses().stream()
                .filter(line -> !line.threadgroup() && !line.write())
                .mapToLong(line -> line.bytes() / Float.BYTES)
                .sum();
    }

    /** Queries with their scale, and keys and values up to the last query of each threadgroup, in whole tiles; a twentieth for other ways. */
    private static long most(AttentionInputs in) {
        int length = in.queries();
        int keys = in.keys();
        long numbers = 2L * length * HEAD;
        for (int first = 0; first < length; first += PrefillKernels.QUERIES) {
            int stop = Math.min(keys, keys - length + first + PrefillKernels.QUERIES);
            numbers += 2L * Math.ceilDiv(stop, PrefillKernels.KEYS) * PrefillKernels.KEYS * HEAD;
        }
        return numbers * in.heads() * 21 / 20;
    }

    private static AttentionInputs heads(long seed, int heads, int kvHeads, int queries, int keys, double size) {
        return AttentionInputs.draw(seed, heads, kvHeads, queries, keys, size);
    }
}
