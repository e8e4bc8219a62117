package tinyllm.lab.exercises.flash.gpu;

import java.util.ArrayList;
import java.util.List;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.kernel.MetalKernel;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The kernels of chapter 2.5b, for heads of 64 components: the library's answers, and how any answer is launched. */
public final class PrefillKernels {

    /** Components of a head. */
    public static final int HEAD = AttentionInputs.HEAD;

    /** Queries of a threadgroup: one for each of its threads. */
    public static final int QUERIES = 64;

    /** Keys of a tile. */
    public static final int KEYS = 32;

    private static final String START = """
            uint t = thread_index_in_threadgroup, head = threadgroup_position_in_grid.y;
            uint heads = uint(q_shape[0]), length = uint(q_shape[1]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            uint first = threadgroup_position_in_grid.x * 64, query = first + t;
            float mine[64], values[64], largest = -INFINITY, sum = 0;
            for (uint d = 0; d < 64; ++d) {
              mine[d] = query < length ? q[(head * length + query) * 64 + d] * scale : 0.0f;
              values[d] = 0;
            }
            """;

    private static final String STEP = """
                  float score = 0;
                  for (uint d = 0; d < 64; ++d) {
                    score += mine[d] * k_tile[j * 64 + d];
                  }
                  float most = max(largest, score);
                  float keep = exp(largest - most), weight = exp(score - most);
                  largest = most;
                  sum = sum * keep + weight;
                  for (uint d = 0; d < 64; ++d) {
                    values[d] = values[d] * keep + weight * v_tile[j * 64 + d];
                  }
            """.indent(-4);

    private static final String END = """
            if (query < length) {
              for (uint d = 0; d < 64; ++d) {
                out[(head * length + query) * 64 + d] = values[d] / sum;
              }
            }
            """;

    private static final String LOAD = """
              threadgroup_barrier(mem_flags::mem_threadgroup);
              for (uint i = t; i < 32 * 64; i += 64) {
                bool there = k0 + i / 64 < keys;
                k_tile[i] = there ? k[start + k0 * 64 + i] : 0.0f;
                v_tile[i] = there ? v[start + k0 * 64 + i] : 0.0f;
              }
              threadgroup_barrier(mem_flags::mem_threadgroup);
            """;

    static final String TILES = "threadgroup float k_tile[32 * 64], v_tile[32 * 64];\n"
            + START
            + """
            for (uint k0 = 0; k0 < keys; k0 += 32) {
            """
            + LOAD
            + """
              for (uint j = 0; j < min(32u, keys - k0); ++j) {
            """
            + STEP.indent(2)
            + """
              }
            }
            """
            + END;

    static final String CAUSAL = "threadgroup float k_tile[32 * 64], v_tile[32 * 64];\n"
            + START
            + """
            uint past = keys - length, stop = min(keys, past + first + 64);
            for (uint k0 = 0; k0 < stop; k0 += 32) {
            """
            + LOAD
            + """
              for (uint j = 0; j < 32 && k0 + j <= past + query && k0 + j < keys; ++j) {
            """
            + STEP.indent(2)
            + """
              }
            }
            """
            + END;

    private PrefillKernels() {}

    /** The library's answer to "2.5b tiles". */
    public static KernelText tiles() {
        return Sources.own("2.5b tiles", TILES).get();
    }

    /** The library's answer to "2.5b causal". */
    public static KernelText causal() {
        return Sources.own("2.5b causal", CAUSAL).get();
    }

    public static MetalKernel named(MetalKernel kernel) {
        return kernel.inputs("q", "k", "v", "scale").outputs("out");
    }

    /** A threadgroup of 64 threads for every 64 queries of every head. */
    public static Launch launch(int heads, int queries) {
        return Launch.grid(Math.ceilDiv(queries, QUERIES) * QUERIES, heads)
                .group(QUERIES, 1)
                .output(DType.F32, heads, queries, HEAD);
    }

    /**
     * A learner's text as a call.
     *
     * @param q {@code [H_q, L, 64]}
     * @param k {@code [H_kv, S, 64]}
     * @param v {@code [H_kv, S, 64]}
     */
    public static KernelCall call(String text, Tensor q, Tensor k, Tensor v) {
        return new KernelCall(named(MetalKernel.of(text)), launch(q.dim(0), q.dim(1)), List.of(q, k, v, scale()));
    }

    /**
     * One threadgroup alone: that of the queries from 64 · tile on, of the first head. It becomes the first one of the grid by an
     * input that is added to its position, so that no tile needs a compilation of its own.
     */
    public static KernelCall tile(String text, Tensor q, Tensor k, Tensor v, int tile) {
        String moved = text.replace("threadgroup_position_in_grid.x", "(threadgroup_position_in_grid.x + moved)")
                .replace("thread_position_in_grid.x", "(thread_position_in_grid.x + 64 * moved)");
        MetalKernel kernel =
                MetalKernel.of(moved).inputs("q", "k", "v", "scale", "moved").outputs("out");
        Launch one = Launch.grid(QUERIES, 1).group(QUERIES, 1).output(DType.F32, q.shape());
        List<Tensor> inputs = new ArrayList<>(List.of(q, k, v, scale()));
        inputs.add(Tensor.scalar(tile).astype(DType.U32));
        return new KernelCall(kernel, one.initial(0), inputs);
    }

    private static Tensor scale() {
        return Tensor.scalar((float) AttentionInputs.SCALE);
    }
}
