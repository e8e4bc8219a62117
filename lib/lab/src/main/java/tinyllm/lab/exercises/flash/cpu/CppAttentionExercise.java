package tinyllm.lab.exercises.flash.cpu;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import tinyllm.arrays.AttentionShape;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.CppAttention;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.exercises.flash.cpu.AttentionCases.Inputs;
import tinyllm.lab.exercises.flash.cpu.AttentionCases.Scores;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "2.4 C++": causal tiled attention. */
public final class CppAttentionExercise {

    /** The function that an answer defines. */
    public static final String FUNCTION = "attention";

    public static final Exercise<KernelText> CPP = Exercise.of("2.4 C++", KernelText.class)
            .title("Tiled attention in C++")
            .reference(CppAttention::new)
            .deadline(Duration.ofSeconds(90)) // a compiler runs for each new text
            .hint(
                    "The loops are those of exercise 2. A row of out can hold the weighted values while they grow; divide it by the sum"
                            + " when the last tile is done.")
            .hint(
                    "Query row % queries of head row / queries sees row % queries + keys - queries + 1 keys, and its KV head is"
                            + " row / queries / (heads / kv_heads). std::exp, std::max and std::min are there, and -INFINITY.")
            .hint(
                    "For a fast dot product keep sixteen sums: for (int c = 0; c < dim; c += 16) for (int l = 0; l < 16; ++l) parts[l] +="
                            + " query[c + l] * key[c + l]; then add up the sixteen.")
            .check(situation("one query, one key", AttentionCases.causal(1, 1, 1, 1, 16), Scores.COMMON))
            .check(situation("70 tokens: a tile and a bit", AttentionCases.causal(1, 1, 70, 70, 16), Scores.COMMON))
            .check(situation("the last 5 of 100 positions", AttentionCases.causal(1, 1, 5, 100, 32), Scores.COMMON))
            .check(situation("6 query heads share 2 KV heads", AttentionCases.causal(6, 2, 3, 70, 16), Scores.COMMON))
            .check(situation("scores in the hundreds", AttentionCases.causal(1, 1, 4, 80, 16), Scores.HUGE))
            .check(situation("all scores far below zero", AttentionCases.causal(1, 1, 4, 80, 16), Scores.LOW))
            .check(situation(
                    "scores that rise from tile to tile", AttentionCases.causal(1, 1, 4, 200, 16), Scores.RISING))
            .mistake(
                    "no scale",
                    "The scores are not scaled: each is q · k times scale[0].",
                    text("dot * scale[0]", "dot"))
            .mistake(
                    "causal from the first key",
                    "Query i saw i + 1 keys. The queries are the last positions, so it sees i + keys − queries + 1.",
                    text("row % queries + keys - queries + 1", "row % queries + 1"))
            .mistake(
                    "not causal",
                    "Queries look at keys that come after them: query i sees i + keys − queries + 1 of them.",
                    text("row % queries + keys - queries + 1", "keys"))
            .mistake(
                    "heads dealt round",
                    "Query head h read KV head h % kv_heads. Neighbours share: it is h / (heads / kv_heads).",
                    text("row / queries / (heads / kv_heads)", "row / queries % kv_heads"))
            .mistake(
                    "nothing rescaled",
                    "A tile brought a larger score, and what was summed before stayed relative to the old one: multiply sum and row"
                            + " by exp(max − larger).",
                    text("float factor = std::exp(max - larger)", "float factor = 1"))
            .mistake(
                    "sum not rescaled",
                    "The weighted values were rescaled between tiles, the sum was not: both are relative to the maximum.",
                    text("sum *= factor", "sum *= 1"))
            .mistake(
                    "values not rescaled",
                    "The sum was rescaled between tiles, the weighted values were not: both are relative to the maximum.",
                    text("mean[c] *= factor", "mean[c] *= 1"))
            .mistake(
                    "maximum begins at 0",
                    "The maximum began at 0, so a query whose scores lie all far below it has only zeros: begin with -INFINITY.",
                    text("max = -INFINITY", "max = 0"))
            .mistake(
                    "values of the first tile",
                    "Every tile's weights met the values of the first tile: key j of a tile has row first + j in v, too.",
                    text("v + at + long(first + j) * dim", "v + at + long(j) * dim"))
            .mistake(
                    "not divided",
                    "The weighted values came back as they are: divided by the sum of the weights they are a mean.",
                    text("mean[c] /= sum", "mean[c] /= 1"))
            .build();

    private CppAttentionExercise() {}

    /** What the function is called with, its outputs and sizes beside it. */
    public static Tensor[] inputs(float[] q, float[] k, float[] v, AttentionShape shape) {
        int d = shape.headDim();
        return new Tensor[] {
            Tensor.of(q, shape.heads(), shape.queries(), d),
            Tensor.of(k, shape.kvHeads(), shape.keys(), d),
            Tensor.of(v, shape.kvHeads(), shape.keys(), d),
            Tensor.of(new float[] {shape.scale()})
        };
    }

    public static List<Launch.Output> outputs(AttentionShape shape) {
        return List.of(new Launch.Output(DType.F32, new int[] {shape.heads() * shape.queries() * shape.headDim()}));
    }

    public static int[] sizes(AttentionShape shape) {
        return new int[] {shape.heads(), shape.kvHeads(), shape.queries(), shape.keys(), shape.headDim()};
    }

    private static Case<KernelText> situation(String name, AttentionShape shape, Scores scores) {
        return Case.of(
                        name,
                        seed -> Inputs.draw(seed, shape, scores),
                        (KernelText answer, Inputs in) -> run(answer, in),
                        Inputs::exact)
                .within(1e-3, 1e-3);
    }

    private static Tensor run(KernelText answer, Inputs in) {
        Tensor[] inputs = inputs(in.q(), in.k(), in.v(), in.shape());
        return KernelCheck.cpp(answer, FUNCTION, outputs(in.shape()), sizes(in.shape()), inputs)
                .getFirst()
                .reshape(in.shape().heads(), in.shape().queries(), in.shape().headDim());
    }

    private static Supplier<KernelText> text(String right, String wrong) {
        return () -> () -> {
            String text = CppAttention.TEXT.replace(right, wrong);
            if (text.equals(CppAttention.TEXT)) {
                throw new IllegalStateException("\"" + right + "\" is not in the kernel any more");
            }
            return text;
        };
    }
}
