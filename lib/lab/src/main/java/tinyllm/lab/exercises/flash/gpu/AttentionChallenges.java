package tinyllm.lab.exercises.flash.gpu;

import org.jspecify.annotations.Nullable;
import tinyllm.kernel.AttentionKernels;
import tinyllm.kernel.KernelCall;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.MlxKernels;
import tinyllm.lab.Lab;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.challenge.Launcher;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Challenges "2.5a decode" and "2.5b prefill": attention with 4 query heads on 2 KV heads of 64 components. */
public final class AttentionChallenges {

    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD = AttentionInputs.HEAD;
    private static final double SCALE = AttentionInputs.SCALE;
    private static final String NO_GPU = "MLX's kernel is compiled for a GPU: there is nothing to count on the host";

    /** One thread a query, which walks alone and loads every key for itself. */
    private static final String ALONE = """
            uint query = thread_position_in_grid.x, head = threadgroup_position_in_grid.y;
            uint heads = uint(q_shape[0]), length = uint(q_shape[1]), kv_heads = uint(k_shape[0]), keys = uint(k_shape[1]);
            uint start = head / (heads / kv_heads) * keys * 64;
            if (query < length) {
              float values[64], largest = -INFINITY, sum = 0;
              for (uint d = 0; d < 64; ++d) {
                values[d] = 0;
              }
              for (uint key = 0; key <= keys - length + query; ++key) {
                float score = 0;
                for (uint d = 0; d < 64; ++d) {
                  score += q[(head * length + query) * 64 + d] * scale * k[start + key * 64 + d];
                }
                float most = max(largest, score), keep = exp(largest - most), weight = exp(score - most);
                largest = most;
                sum = sum * keep + weight;
                for (uint d = 0; d < 64; ++d) {
                  values[d] = values[d] * keep + weight * v[start + key * 64 + d];
                }
              }
              for (uint d = 0; d < 64; ++d) {
                out[(head * length + query) * 64 + d] = values[d] / sum;
              }
            }
            """;

    public static final Challenge<KernelText, AttentionInputs> DECODE = Challenge.counted(
                    "2.5a decode", KernelText.class, seed -> draw(seed, 1, keys()))
            .title("one query over many keys")
            .size(() -> HEADS + " query heads on " + KV_HEADS + ", " + keys() + " keys of " + HEAD)
            .truth(in -> in.attention(true), 1e-3, 1e-4)
            .bytes(AttentionChallenges::fewestBytes)
            .naive((gpu, in) -> prefill(gpu, ALONE, in))
            .yours((answer, gpu, in) -> decode(gpu, answer.text(), in, DecodeKernels.GROUPS))
            .way(
                    "ours",
                    (gpu, in) -> gpu.run(AttentionKernels.decode(
                                    in.q().reshape(1, HEADS, HEAD),
                                    AttentionInputs.batched(in.k()),
                                    AttentionInputs.batched(in.v()),
                                    (float) SCALE))
                            .getFirst()
                            .reshape(in.q().shape()))
            .onGpu("MLX", in -> () -> mlx(in, null), NO_GPU)
            .build();

    public static final Challenge<KernelText, AttentionInputs> PREFILL = Challenge.counted(
                    "2.5b prefill", KernelText.class, seed -> draw(seed, queries(), queries()))
            .title("causal attention over a prompt")
            .size(() -> HEADS + " query heads on " + KV_HEADS + ", " + queries() + " tokens, heads of " + HEAD)
            .truth(in -> in.attention(true), 1e-3, 1e-4)
            .bytes(AttentionChallenges::fewestBytes)
            .naive((gpu, in) -> prefill(gpu, ALONE, in))
            .yours((answer, gpu, in) -> prefill(gpu, answer.text(), in))
            .way(
                    "ours",
                    (gpu, in) -> gpu.run(AttentionKernels.prefill(
                                    AttentionInputs.batched(in.q()),
                                    AttentionInputs.batched(in.k()),
                                    AttentionInputs.batched(in.v()),
                                    (float) SCALE,
                                    true))
                            .getFirst()
                            .reshape(in.q().shape()))
            .onGpu("MLX", in -> () -> mlx(in, mask(in)), NO_GPU)
            .build();

    private AttentionChallenges() {}

    private static AttentionInputs draw(long seed, int queries, int keys) {
        return AttentionInputs.draw(seed, HEADS, KV_HEADS, queries, keys, 1);
    }

    private static Tensor mask(AttentionInputs in) {
        return new Masks().causal(in.queries(), in.keys(), DType.F32);
    }

    /** Everything once: queries in, results out, keys, values. */
    private static long fewestBytes(AttentionInputs in) {
        return 2L * in.q().nbytes() + in.k().nbytes() + in.v().nbytes();
    }

    private static int keys() {
        return Lab.quick() ? 64 : 512;
    }

    private static int queries() {
        return Lab.quick() ? 64 : 128;
    }

    private static Tensor decode(Launcher gpu, String text, AttentionInputs in, int groups) {
        return run(gpu, DecodeKernels.call(text, in.row(), in.k(), in.v(), groups), in);
    }

    private static Tensor prefill(Launcher gpu, String text, AttentionInputs in) {
        return run(gpu, PrefillKernels.call(text, in.q(), in.k(), in.v()), in);
    }

    private static Tensor run(Launcher gpu, KernelCall call, AttentionInputs in) {
        return gpu.run(call).getFirst().reshape(in.q().shape());
    }

    private static Tensor mlx(AttentionInputs in, @Nullable Tensor mask) {
        return MlxKernels.attend(
                        AttentionInputs.batched(in.q()),
                        AttentionInputs.batched(in.k()),
                        AttentionInputs.batched(in.v()),
                        mask,
                        SCALE)
                .reshape(in.q().shape());
    }
}
