package tinyllm.lab.exercises.paged;

import java.util.List;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The three kernels of chapter 3.2, for heads of 64 components: the library's answers, and how any answer is launched. */
public final class PagedKernels {

    /** SIMD groups that share the pages of a row in "3.2 decode". */
    public static final int GROUPS = 8;

    static final String GATHER = """
            uint d = thread_position_in_grid.x, token = thread_position_in_grid.y, head = thread_position_in_grid.z;
            uint kv_heads = uint(pages_shape[1]), size = uint(pages_shape[2]), count = uint(tokens);
            uint page = uint(table[token / size]);
            out[(head * count + token) * 64 + d] = pages[((page * kv_heads + head) * size + token % size) * 64 + d];
            """;

    static final String WALK = """
            uint head = threadgroup_position_in_grid.y, row = threadgroup_position_in_grid.z;
            uint lane = thread_index_in_simdgroup;
            uint heads = uint(q_shape[1]), kv_heads = uint(k_shape[1]), width = uint(tables_shape[1]);
            uint kv_head = head / (heads / kv_heads), keys = uint(lengths[row]), size = uint(k_shape[2]);
            uint mine = (row * heads + head) * 64 + lane;
            float q0 = q[mine] * scale, q1 = q[mine + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = 0; key < keys; ++key) {
              uint page = uint(tables[row * width + key / size]);
              uint at = ((page * kv_heads + kv_head) * size + key % size) * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            out[mine] = sum > 0 ? v0 / sum : 0.0f;
            out[mine + 32] = sum > 0 ? v1 / sum : 0.0f;
            """;

    static final String DECODE = """
            threadgroup float largests[8], sums[8], values[8 * 64];
            uint head = threadgroup_position_in_grid.y, row = threadgroup_position_in_grid.z;
            uint lane = thread_index_in_simdgroup, group = simdgroup_index_in_threadgroup;
            uint heads = uint(q_shape[1]), kv_heads = uint(k_shape[1]), width = uint(tables_shape[1]);
            uint kv_head = head / (heads / kv_heads), keys = uint(lengths[row]), size = uint(k_shape[2]);
            uint mine = (row * heads + head) * 64 + lane;
            float q0 = q[mine] * scale, q1 = q[mine + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint p = group; p * size < keys; p += 8) {
              uint page = uint(tables[row * width + p]);
              uint start = (page * kv_heads + kv_head) * size * 64 + lane;
              uint count = min(size, keys - p * size);
              for (uint i = 0; i < count; ++i) {
                uint at = start + i * 64;
                float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
                float most = max(largest, score);
                float keep = exp(largest - most), weight = exp(score - most);
                largest = most;
                sum = sum * keep + weight;
                v0 = v0 * keep + weight * v[at];
                v1 = v1 * keep + weight * v[at + 32];
              }
            }
            if (lane == 0) {
              largests[group] = largest;
              sums[group] = sum;
            }
            values[group * 64 + lane] = v0;
            values[group * 64 + lane + 32] = v1;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (group == 0) {
              for (uint g = 0; g < 8; ++g) {
                largest = max(largest, largests[g]);
              }
              sum = 0, v0 = 0, v1 = 0;
              for (uint g = 0; g < 8; ++g) {
                float factor = sums[g] > 0 ? exp(largests[g] - largest) : 0.0f;
                sum += factor * sums[g];
                v0 += factor * values[g * 64 + lane];
                v1 += factor * values[g * 64 + lane + 32];
              }
              out[mine] = sum > 0 ? v0 / sum : 0.0f;
              out[mine + 32] = sum > 0 ? v1 / sum : 0.0f;
            }
            """;

    private static final int LANES = 32;

    private PagedKernels() {}

    /** The library's answer to "3.2 gather". */
    public static KernelText gather() {
        return Sources.own("3.2 gather", GATHER).get();
    }

    /** The library's answer to "3.2 walk". */
    public static KernelText walk() {
        return Sources.own("3.2 walk", WALK).get();
    }

    /** The library's answer to "3.2 decode". */
    public static KernelText decode() {
        return Sources.own("3.2 decode", DECODE).get();
    }

    static MetalKernel namedGather(MetalKernel kernel) {
        return kernel.inputs("pages", "table", "tokens").outputs("out");
    }

    static MetalKernel named(MetalKernel kernel) {
        return kernel.inputs("q", "k", "v", "tables", "lengths", "scale").outputs("out");
    }

    /** A thread for each number of the copy; a threadgroup for each token and head. */
    static Launch gatherLaunch(int kvHeads, int tokens) {
        return Launch.grid(PagedInputs.HEAD, tokens, kvHeads)
                .group(PagedInputs.HEAD, 1, 1)
                .output(DType.F32, kvHeads, tokens, PagedInputs.HEAD);
    }

    /** A threadgroup of so many SIMD groups for every row and query head. */
    static Launch launch(int rows, int heads, int groups) {
        return Launch.grid(LANES * groups, heads, rows)
                .group(LANES * groups, 1, 1)
                .output(DType.F32, rows, heads, PagedInputs.HEAD);
    }

    /**
     * A learner's copy of a sequence as a call.
     *
     * @param pages {@code [P, H_kv, T, 64]}
     * @param table {@code [W]}
     */
    public static KernelCall gatherCall(String text, Tensor pages, Tensor table, int tokens) {
        return new KernelCall(
                namedGather(MetalKernel.of(text)),
                gatherLaunch(pages.dim(1), tokens),
                List.of(pages, table, Tensor.scalar(tokens, DType.I32)));
    }

    /**
     * A learner's attention as a call.
     *
     * @param q {@code [R, H_q, 64]}
     * @param k {@code [P, H_kv, T, 64]}, as v
     * @param tables {@code [R, W]}
     * @param lengths {@code [R]}
     * @param groups SIMD groups of a threadgroup
     */
    public static KernelCall call(
            String text, Tensor q, Tensor k, Tensor v, Tensor tables, Tensor lengths, int groups) {
        return new KernelCall(
                named(MetalKernel.of(text)),
                launch(q.dim(0), q.dim(1), groups),
                List.of(q, k, v, tables, lengths, Tensor.scalar((float) PagedInputs.SCALE)));
    }
}
