package tinyllm.lab.exercises.flash.gpu;

import java.time.Duration;
import java.util.function.LongFunction;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.Tensor;

/** Exercises "2.5a walk" and "2.5a decode": one query over many keys, alone and shared. */
public final class DecodeExercises {

    private static final String WALK = DecodeKernels.WALK;
    private static final String SHARED = DecodeKernels.SHARED;
    private static final Duration DEADLINE = Duration.ofSeconds(90); // a compiler runs for each new text

    public static final Exercise<KernelText> ONE = walking(
                    Exercise.of("2.5a walk", KernelText.class)
                            .title("One SIMD group walks over the keys")
                            .reference(DecodeKernels::walk)
                            .deadline(DEADLINE)
                            .hint(
                                    "32 threads hold one query: thread lane owns the components lane and lane + 32. simd_sum"
                                            + " makes one score of their 32 parts, and hands it to all of them.")
                            .hint("Online softmax: when a larger score comes, what was summed so far is scaled down by"
                                    + " exp(old largest − new largest). Sum of weights and values alike.")
                            .hint(
                                    "keep = exp(largest - most), weight = exp(score - most), sum = sum * keep + weight, v0 = v0 *"
                                            + " keep + weight * v[at]. After the last key divide by sum."),
                    WALK,
                    1)
            .mistake(
                    "keys of its own head",
                    "Query head h read KV head h, and there are fewer of those: it reads KV head h / (heads / kv_heads).",
                    Sources.edited(WALK, "head / (heads / kv_heads) * keys", "head * keys"))
            .build();

    public static final Exercise<KernelText> DECODE = walking(
                    Exercise.of("2.5a decode", KernelText.class)
                            .title("Eight SIMD groups share the keys, and meet once")
                            .reference(DecodeKernels::shared)
                            .deadline(DEADLINE)
                            .hint(
                                    "SIMD group g walks over the keys g, g + 8, g + 16 … with the loop of before. Then each has a"
                                            + " partial softmax in its registers.")
                            .hint(
                                    "The groups meet in threadgroup memory: largests[8], sums[8], values[8 * 64]. Everyone"
                                            + " writes, one barrier, and SIMD group 0 merges as in exercise 2.")
                            .hint(
                                    "The barrier stands outside of every if: all 256 threads have to reach it. A group without"
                                            + " keys has largest −∞ and adds nothing, since exp(−∞) = 0."),
                    SHARED,
                    DecodeKernels.GROUPS)
            .mistake(
                    "no barrier",
                    "SIMD group 0 reads what the others have not written yet: between writing and reading threadgroup memory"
                            + " stands a threadgroup_barrier.",
                    Sources.edited(SHARED, "threadgroup_barrier(mem_flags::mem_threadgroup);\n", ""))
            .mistake(
                    "a barrier in a branch",
                    "Only SIMD group 0 reaches this barrier, and the other seven never come: put it before the if.",
                    Sources.edited(
                            SHARED,
                            "threadgroup_barrier(mem_flags::mem_threadgroup);\nif (group == 0) {",
                            "if (group == 0) {\nthreadgroup_barrier(mem_flags::mem_threadgroup);"))
            .mistake(
                    "keys left out",
                    "Eight groups step by 32: three keys of four are read by nobody. Step by the number of SIMD groups.",
                    Sources.edited(SHARED, "key += 8", "key += 32"))
            .mistake(
                    "all begin at key 0",
                    "Every group reads the keys 0, 8, 16 …, eight times over, and nobody the others: group g begins at key g.",
                    Sources.edited(SHARED, "uint key = group", "uint key = 0"))
            .mistake(
                    "merged without factors",
                    "The groups' parts were added as they are, but each was scaled by its own largest score: multiply by"
                            + " exp(largests[g] − largest) first.",
                    Sources.edited(SHARED, "exp(largests[g] - largest)", "1.0f"))
            .mistake(
                    "one group's values",
                    "Every group wrote its values to the same place: group g owns values[g * 64] and what follows.",
                    Sources.edited(SHARED, "values[group * 64 + lane", "values[lane"))
            .build();

    private DecodeExercises() {}

    /** Cases and mistakes that both walks have. */
    private static Exercise.Builder<KernelText> walking(
            Exercise.Builder<KernelText> exercise, String text, int groups) {
        return exercise.check(decoding("one key", groups, seed -> heads(seed, 2, 1, 1, 1)))
                .check(decoding("5 keys, 4 query heads read 2 KV heads", groups, seed -> heads(seed, 4, 2, 5, 1)))
                .check(decoding("77 keys, 3 heads", groups, seed -> heads(seed, 3, 3, 77, 1)))
                .check(decoding("14 query heads on 2", groups, seed -> heads(seed, 14, 2, 9, 1)))
                .check(decoding("scores of hundreds", groups, seed -> heads(seed, 2, 2, 40, 60)))
                .mistake(
                        "no largest score",
                        "exp of a score of hundreds is infinite, and infinity / infinity NaN: subtract the largest score so"
                                + " far, and rescale when it grows.",
                        Sources.edited(text, "float most = max(largest, score)", "float most = 0"))
                .mistake(
                        "sum not rescaled",
                        "When a larger score came, the sum of weights stayed as it was: its old weights are relative to the old"
                                + " largest. Multiply by exp(old − new) first.",
                        Sources.edited(text, "sum = sum * keep + weight", "sum = sum + weight"))
                .mistake(
                        "values not rescaled",
                        "When a larger score came, the summed values stayed as they were: multiply them by exp(old − new), as"
                                + " the sum of weights.",
                        Sources.edited(
                                Sources.edited(text, "v0 * keep", "v0").get().text(), "v1 * keep", "v1"))
                .mistake(
                        "a score of one thread",
                        "Each thread used its own two products as the score: simd_sum adds the parts of all 32.",
                        Sources.edited(text, "simd_sum(q0 * k[at] + q1 * k[at + 32])", "q0 * k[at] + q1 * k[at + 32]"))
                .mistake(
                        "half of the head",
                        "The score is made of components 0 to 31 alone: a thread owns two components, lane and lane + 32.",
                        Sources.edited(text, "q0 * k[at] + q1 * k[at + 32]", "q0 * k[at]"))
                .mistake(
                        "KV heads dealt round",
                        "Query head h read KV head h % kv_heads: neighbours share a KV head, so it is h / (heads / kv_heads).",
                        Sources.edited(text, "head / (heads / kv_heads)", "head % kv_heads"))
                .mistake("no scale", "The scores were not multiplied by scale.", Sources.edited(text, " * scale", ""))
                .mistake(
                        "not divided",
                        "The values are sums of weight times value: divide by the sum of the weights at the end.",
                        Sources.edited(text, " / sum;", ";"));
    }

    private static Case<KernelText> decoding(String name, int groups, LongFunction<AttentionInputs> inputs) {
        return Case.of(
                        name,
                        inputs,
                        (KernelText answer, AttentionInputs in) -> run(answer, in, groups),
                        in -> in.attention(false).reshape(in.heads(), DecodeKernels.HEAD))
                .within(1e-4, 1e-4);
    }

    private static Tensor run(KernelText answer, AttentionInputs in, int groups) {
        return KernelCheck.metal(
                        answer,
                        DecodeKernels::named,
                        DecodeKernels.launch(in.heads(), groups),
                        in.row(),
                        in.k(),
                        in.v(),
                        Tensor.scalar((float) AttentionInputs.SCALE))
                .getFirst();
    }

    private static AttentionInputs heads(long seed, int heads, int kvHeads, int keys, double size) {
        return AttentionInputs.draw(seed, heads, kvHeads, 1, keys, size);
    }
}
