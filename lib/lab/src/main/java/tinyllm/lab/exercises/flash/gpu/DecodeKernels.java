package tinyllm.lab.exercises.flash.gpu;

import java.util.List;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The three kernels of chapter 2.5a, for heads of 64 components: the library's answers, and how any answer is launched. */
public final class DecodeKernels {

    /** Components of a head; every thread of a SIMD group owns two of them. */
    public static final int HEAD = AttentionInputs.HEAD;

    /** SIMD groups that share the keys of a head. */
    public static final int GROUPS = 8;

    static final String WALK = """
            uint head = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint heads = uint(q_shape[0]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            float q0 = q[head * 64 + lane] * scale, q1 = q[head * 64 + lane + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = 0; key < keys; key += 1) {
              uint at = start + key * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            out[head * 64 + lane] = v0 / sum;
            out[head * 64 + lane + 32] = v1 / sum;
            """;

    static final String MERGE = """
            uint row = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint parts = uint(values_shape[1]);
            float largest = -INFINITY;
            for (uint p = 0; p < parts; ++p) {
              largest = max(largest, states[(row * parts + p) * 2]);
            }
            float sum = 0, v0 = 0, v1 = 0;
            for (uint p = 0; p < parts; ++p) {
              uint at = row * parts + p;
              float factor = exp(states[at * 2] - largest);
              sum += factor * states[at * 2 + 1];
              v0 += factor * values[at * 64 + lane];
              v1 += factor * values[at * 64 + lane + 32];
            }
            out[row * 64 + lane] = v0 / sum;
            out[row * 64 + lane + 32] = v1 / sum;
            """;

    static final String SHARED = """
            threadgroup float largests[8], sums[8], values[8 * 64];
            uint head = threadgroup_position_in_grid.y, lane = thread_index_in_simdgroup;
            uint group = simdgroup_index_in_threadgroup;
            uint heads = uint(q_shape[0]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            float q0 = q[head * 64 + lane] * scale, q1 = q[head * 64 + lane + 32] * scale;
            float largest = -INFINITY, sum = 0, v0 = 0, v1 = 0;
            for (uint key = group; key < keys; key += 8) {
              uint at = start + key * 64 + lane;
              float score = simd_sum(q0 * k[at] + q1 * k[at + 32]);
              float most = max(largest, score);
              float keep = exp(largest - most), weight = exp(score - most);
              largest = most;
              sum = sum * keep + weight;
              v0 = v0 * keep + weight * v[at];
              v1 = v1 * keep + weight * v[at + 32];
            }
            if (lane == 0) {
              largests[group] = largest;
              sums[group] = sum;
            }
            values[group * 64 + lane] = v0;
            values[group * 64 + lane + 32] = v1;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (group == 0) {
              largest = -INFINITY;
              for (uint g = 0; g < 8; ++g) {
                largest = max(largest, largests[g]);
              }
              sum = 0, v0 = 0, v1 = 0;
              for (uint g = 0; g < 8; ++g) {
                float factor = exp(largests[g] - largest);
                sum += factor * sums[g];
                v0 += factor * values[g * 64 + lane];
                v1 += factor * values[g * 64 + lane + 32];
              }
              out[head * 64 + lane] = v0 / sum;
              out[head * 64 + lane + 32] = v1 / sum;
            }
            """;

    private DecodeKernels() {}

    /** The library's answer to "2.5a walk". */
    public static KernelText walk() {
        return Sources.own("2.5a walk", WALK).get();
    }

    /** The library's answer to "2.5a merge". */
    public static KernelText merge() {
        return Sources.own("2.5a merge", MERGE).get();
    }

    /** The library's answer to "2.5a decode". */
    public static KernelText shared() {
        return Sources.own("2.5a decode", SHARED).get();
    }

    /** Names of a decode kernel's inputs and outputs. */
    public static MetalKernel named(MetalKernel kernel) {
        return kernel.inputs("q", "k", "v", "scale").outputs("out");
    }

    static MetalKernel namedMerge(MetalKernel kernel) {
        return kernel.inputs("values", "states").outputs("out");
    }

    /** A threadgroup of so many SIMD groups for every query head. */
    public static Launch launch(int heads, int groups) {
        return Launch.grid(32 * groups, heads).group(32 * groups, 1).output(DType.F32, heads, HEAD);
    }

    /**
     * A learner's text as a call.
     *
     * @param q {@code [H_q, 64]}
     * @param k {@code [H_kv, S, 64]}
     * @param v {@code [H_kv, S, 64]}
     * @param groups SIMD groups of a threadgroup
     */
    public static KernelCall call(String text, Tensor q, Tensor k, Tensor v, int groups) {
        Tensor scale = Tensor.scalar((float) AttentionInputs.SCALE);
        return new KernelCall(named(MetalKernel.of(text)), launch(q.dim(0), groups), List.of(q, k, v, scale));
    }
}
