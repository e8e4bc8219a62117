package tinyllm.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tech.tablesaw.api.Table;

/** The words of Metal that a kernel uses beside CUDA's for the same thing (chapter 4.5). */
public final class MetalWords {

    /**
     * One word.
     *
     * @param used how often the given sources use it
     */
    public record Word(String metal, String cuda, String meaning, long used) {}

    private record Known(String metal, String cuda, String meaning) {}

    private static final List<Known> KNOWN = List.of(
            new Known("thread_position_in_grid", "blockIdx * blockDim + threadIdx", "which thread of all"),
            new Known("threadgroup_position_in_grid", "blockIdx", "which threadgroup (CUDA: block)"),
            new Known("thread_position_in_threadgroup", "threadIdx", "which thread of its group, by axis"),
            new Known("thread_index_in_threadgroup", "threadIdx, flattened", "the same as one number"),
            new Known("thread_index_in_simdgroup", "threadIdx % warpSize", "the lane, 0 to 31"),
            new Known("simdgroup_index_in_threadgroup", "threadIdx / warpSize", "which SIMD group (CUDA: warp)"),
            new Known("threads_per_threadgroup", "blockDim", "how many threads a group has"),
            new Known("threadgroup float", "__shared__ float", "memory that one group shares"),
            new Known("device", "a pointer to global memory", "memory that every thread sees"),
            new Known("constant", "__constant__, or a kernel argument", "small inputs that nobody writes"),
            new Known("threadgroup_barrier", "__syncthreads()", "all threads of a group meet"),
            new Known("simdgroup_barrier", "__syncwarp()", "the lanes of a SIMD group meet"),
            new Known("simd_sum", "__reduce_add_sync, or five __shfl_xor_sync", "32 lanes add without memory"),
            new Known("simd_max", "five __shfl_xor_sync", "the largest of 32 lanes"),
            new Known("simd_shuffle", "__shfl_sync", "a lane reads another's register"),
            new Known("simdgroup_float8x8", "wmma::fragment (16 x 16)", "a small matrix, held by a SIMD group"),
            new Known("simdgroup_multiply_accumulate", "wmma::mma_sync", "the product of two of them"));

    private MetalWords() {}

    /** The words that appear in the sources, the most used first. */
    public static Table of(String... sources) {
        String all = String.join("\n", sources);
        List<Word> words = new ArrayList<>();
        for (Known known : KNOWN) {
            long used = Pattern.compile("\\b" + known.metal().replace(" ", "\\s+") + "\\b")
                    .matcher(all)
                    .results()
                    .count();
            if (used > 0) {
                words.add(new Word(known.metal(), known.cuda(), known.meaning(), used));
            }
        }
        if (words.isEmpty()) {
            throw new IllegalArgumentException("no word of Metal appears in the sources");
        }
        words.sort(java.util.Comparator.comparingLong(Word::used).reversed());
        return Tables.of(words);
    }
}
