package tinyllm.lab.exercises.transformer;

import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.check.Draw;
import tinyllm.nn.AttentionWeights;
import tinyllm.nn.BlockWeights;
import tinyllm.nn.DecoderWeights;
import tinyllm.nn.Linear;
import tinyllm.nn.Parts;
import tinyllm.nn.RopeFn;
import tinyllm.tensor.Tensor;

/** Random weights of a small decoder, large enough that every part of it can be told from its absence. */
record TinyWeights(Draw draw, int width, int heads, int kvHeads, int headDim) {

    private static final double SPREAD = 0.5;

    /** Parts whose rope shows the offset itself: turning all tokens by the same angle changes no dot product. */
    static Parts withOffsetShown() {
        return Parts.library().with((RopeFn) (x, offset, theta, traditional) -> x.mul(1 + 0.25 * offset));
    }

    TinyWeights(long seed, int width, int heads, int kvHeads, int headDim) {
        this(new Draw(seed), width, heads, kvHeads, headDim);
    }

    /** What an attention layer's cases vary beside the sizes. */
    record Rotary(double theta, boolean traditional) {
        static final Rotary QWEN = new Rotary(10_000, false);
    }

    Linear linear(int out, int in, boolean bias) {
        return new Linear(draw.scaled(SPREAD, out, in), bias ? draw.normal(out) : null);
    }

    /** Positive, around 1, every entry its own. */
    Tensor gain(int size) {
        return draw.scaled(SPREAD, size).exp().eval();
    }

    AttentionWeights qwen2(Rotary rotary) {
        return attention(rotary, true, null, null, 1e-6);
    }

    AttentionWeights qwen3(Tensor qNorm, Tensor kNorm, double eps) {
        return attention(Rotary.QWEN, false, qNorm, kNorm, eps);
    }

    AttentionWeights attention(
            Rotary rotary, boolean bias, @Nullable Tensor qNorm, @Nullable Tensor kNorm, double eps) {
        return new AttentionWeights(
                linear(heads * headDim, width, bias),
                linear(kvHeads * headDim, width, bias),
                linear(kvHeads * headDim, width, bias),
                linear(width, heads * headDim, false),
                qNorm,
                kNorm,
                heads,
                kvHeads,
                headDim,
                rotary.theta(),
                rotary.traditional(),
                eps);
    }

    /** @param inner the width of the middle of the MLP */
    BlockWeights block(int index, int inner) {
        return new BlockWeights(
                index,
                gain(width),
                qwen2(Rotary.QWEN),
                gain(width),
                linear(inner, width, false),
                linear(inner, width, false),
                linear(width, inner, false),
                1e-6);
    }

    /** @param tied whether the embedding is the output layer too */
    DecoderWeights decoder(int vocabulary, int layers, boolean tied) {
        Tensor table = draw.normal(vocabulary, width);
        List<BlockWeights> blocks =
                IntStream.range(0, layers).mapToObj(i -> block(i, 2 * width)).toList();
        return new DecoderWeights(table, blocks, gain(width), tied ? null : draw.normal(vocabulary, width), 1e-6);
    }
}
