package tinyllm.lab.exercises.flash.cpu;

import java.util.List;
import tinyllm.arrays.AttentionShape;
import tinyllm.arrays.LoopAttention;
import tinyllm.arrays.TiledAttentionFn;
import tinyllm.course.ReferenceUse;
import tinyllm.kernel.FlashAttention;
import tinyllm.kernel.MlxKernels;
import tinyllm.lab.Lab;
import tinyllm.lab.challenge.Challenge;
import tinyllm.lab.challenge.Challenge.CppCall;
import tinyllm.lab.exercises.flash.cpu.AttentionCases.Inputs;
import tinyllm.lab.exercises.flash.cpu.AttentionCases.Scores;
import tinyllm.nn.GroupedQueryAttention;
import tinyllm.nn.Masks;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Challenge "2.4 attention": causal attention of a prompt, with the heads of Qwen2.5-Coder 0.5B. */
public final class AttentionChallenge {

    private static final int HEADS = 14;
    private static final int KV_HEADS = 2;
    private static final int DIM = 64;

    private record Heads(Inputs in, Tensor q, Tensor k, Tensor v, Tensor mask) {

        static Heads draw(long seed) {
            int length = length();
            AttentionShape shape = new AttentionShape(HEADS, KV_HEADS, length, length, DIM, true, 0.125f);
            Inputs in = Inputs.draw(seed, shape, Scores.COMMON);
            return new Heads(
                    in,
                    Tensor.of(in.q(), 1, HEADS, length, DIM).eval(),
                    Tensor.of(in.k(), 1, KV_HEADS, length, DIM).eval(),
                    Tensor.of(in.v(), 1, KV_HEADS, length, DIM).eval(),
                    ReferenceUse.unrecorded(
                            () -> new Masks().causal(length, length, DType.F32).eval()));
        }

        Tensor unfused() {
            return new GroupedQueryAttention().attend(q, k, v, mask, in.shape().scale());
        }
    }

    public static final Challenge<TiledAttentionFn, Heads> ATTENTION = Challenge.timed(
                    "2.4 attention", TiledAttentionFn.class, Heads::draw)
            .title("causal attention over a prompt, float32")
            .size(() -> HEADS + " query and " + KV_HEADS + " KV heads of " + DIM + ", " + length() + " tokens")
            .truth(heads -> flat(heads.in().exact()), 1e-3, 1e-3)
            .naive(
                    "loops, all scores",
                    heads -> () -> new LoopAttention()
                            .attend(
                                    heads.in().q(),
                                    heads.in().k(),
                                    heads.in().v(),
                                    heads.in().shape()))
            .yours((answer, heads) -> () -> answer.attend(
                    heads.in().q(), heads.in().k(), heads.in().v(), heads.in().shape()))
            .cpp(heads -> new CppCall(
                    CppAttentionExercise.FUNCTION,
                    CppAttentionExercise.outputs(heads.in().shape()),
                    CppAttentionExercise.sizes(heads.in().shape()),
                    List.of(CppAttentionExercise.inputs(
                            heads.in().q(),
                            heads.in().k(),
                            heads.in().v(),
                            heads.in().shape()))))
            .way("array operations", heads -> () -> flat(heads.unfused()))
            .way(
                    "ours",
                    heads -> () -> flat(FlashAttention.causal(
                            heads.q(), heads.k(), heads.v(), heads.in().shape().scale())))
            .way(
                    "MLX",
                    heads -> () -> flat(MlxKernels.attend(
                            heads.q(),
                            heads.k(),
                            heads.v(),
                            heads.mask(),
                            heads.in().shape().scale())))
            .build();

    private AttentionChallenge() {}

    private static Tensor flat(Tensor out) {
        return out.reshape(-1);
    }

    private static int length() {
        return Lab.quick() ? 128 : 512;
    }
}
