package tinyllm.lab.exercises.flash.gpu;

import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongFunction;
import tinyllm.kernel.KernelText;
import tinyllm.kernel.Launch;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercise "2.5a merge": partial softmaxes over different keys become the softmax over all of them. */
public final class PartialsExercise {

    private static final int HEAD = DecodeKernels.HEAD;
    private static final String TEXT = DecodeKernels.MERGE;
    private static final Duration DEADLINE = Duration.ofSeconds(90); // a compiler runs for each new text

    /**
     * @param values {@code [R, P, 64]} weighted sums, not yet divided
     * @param states {@code [R, P, 2]} largest score and sum of weights
     */
    private record Partials(Tensor values, Tensor states) {}

    public static final Exercise<KernelText> MERGE = Exercise.of("2.5a merge", KernelText.class)
            .title("Partial softmaxes become one")
            .reference(DecodeKernels::merge)
            .deadline(DEADLINE)
            .hint(
                    "Each part was scaled by its own largest score. Bring all of them to the largest of all: multiply sum and"
                            + " values of a part by exp(its largest − the largest).")
            .hint(
                    "Two loops over the parts: the first finds the largest, the second adds factor · sum and factor · values.")
            .hint(
                    "The values are sums, not means: divide once, at the end, by the sum of all. A part without keys has largest"
                            + " −∞, and exp(−∞) = 0 makes nothing of it.")
            .check(merging("three parts", seed -> partials(seed, 2, 3, 1)))
            .check(merging("one part", seed -> partials(seed, 1, 1, 1)))
            .check(merging("eight parts, five rows", seed -> partials(seed, 5, 8, 1)))
            .check(merging("scores far apart", seed -> partials(seed, 3, 4, 60)))
            .check(merging("the last part had no keys", seed -> empty(partials(seed, 2, 4, 1))))
            .mistake(
                    "not brought to one scale",
                    "The parts were added as they are, but each was scaled by its own largest score. Multiply by"
                            + " exp(largest of the part − largest of all) first.",
                    Sources.edited(TEXT, "exp(states[at * 2] - largest)", "1.0f"))
            .mistake(
                    "sum not brought along",
                    "The values were rescaled and the sums of weights were not: both were made with the part's own largest"
                            + " score.",
                    Sources.edited(TEXT, "sum += factor * states", "sum += states"))
            .mistake(
                    "values not brought along",
                    "The sums of weights were rescaled and the values were not: both were made with the part's own largest"
                            + " score.",
                    Sources.edited(TEXT, "+= factor * values", "+= values"))
            .mistake(
                    "mean of the parts",
                    "Every part counts the same: the result is a mean of the parts' results. A part with more or better keys"
                            + " weighs more, by its sum of weights.",
                    Sources.edited(
                            TEXT,
                            "float factor = exp(states[at * 2] - largest);\n  sum += factor * states[at * 2 + 1];",
                            "float factor = states[at * 2 + 1] > 0.0f ? 1.0f / states[at * 2 + 1] : 0.0f;\n  sum += 1;"))
            .mistake(
                    "factor upside down",
                    "The exponent has the wrong sign: parts with small scores grow instead of shrinking. It is the part's"
                            + " largest minus the largest of all.",
                    Sources.edited(TEXT, "exp(states[at * 2] - largest)", "exp(largest - states[at * 2])"))
            .mistake(
                    "without the largest",
                    "exp of a score itself overflows when scores are large: subtract the largest of all parts.",
                    Sources.edited(TEXT, "exp(states[at * 2] - largest)", "exp(states[at * 2])"))
            .mistake(
                    "row forgotten",
                    "Every row was made of the parts of row 0: part p of a row stands at row · parts + p.",
                    Sources.edited(TEXT, "row * parts + p", "p"))
            .mistake(
                    "not divided",
                    "The values are sums of weight times value: divide by the sum of all weights at the end.",
                    Sources.edited(TEXT, " / sum;", ";"))
            .mistake(
                    "half of the head",
                    "Components 32 to 63 were never written: a thread owns two, lane and lane + 32.",
                    Sources.edited(TEXT, "out[row * 64 + lane + 32] = v1 / sum;\n", ""))
            .build();

    private PartialsExercise() {}

    private static Case<KernelText> merging(String name, LongFunction<Partials> inputs) {
        return Case.of(
                        name,
                        inputs,
                        (KernelText answer, Partials in) -> KernelCheck.metal(
                                        answer,
                                        DecodeKernels::namedMerge,
                                        Launch.grid(32, in.values().dim(0))
                                                .group(32, 1)
                                                .output(DType.F32, in.values().dim(0), HEAD),
                                        in.values(),
                                        in.states())
                                .getFirst(),
                        PartialsExercise::merged)
                .within(1e-4, 1e-4);
    }

    /** Parts as spans of keys would leave them: sums of 1 to 9, values around them. */
    private static Partials partials(long seed, int rows, int parts, double apart) {
        Draw draw = new Draw(seed);
        float[] largest = draw.scaled(apart, rows * parts).toFloats();
        float[] values = draw.normal(rows, parts, HEAD).toFloats();
        float[] states = new float[rows * parts * 2];
        for (int i = 0; i < rows * parts; i++) {
            states[2 * i] = largest[i];
            states[2 * i + 1] = draw.between(1, 9);
        }
        return new Partials(Tensor.of(values, rows, parts, HEAD), Tensor.of(states, rows, parts, 2));
    }

    /** The same, whose last part of each row saw no key. */
    private static Partials empty(Partials full) {
        int rows = full.values().dim(0);
        int parts = full.values().dim(1);
        float[] values = full.values().toFloats();
        float[] states = full.states().toFloats();
        for (int r = 0; r < rows; r++) {
            int at = r * parts + parts - 1;
            states[2 * at] = Float.NEGATIVE_INFINITY;
            states[2 * at + 1] = 0;
            Arrays.fill(values, at * HEAD, (at + 1) * HEAD, 0);
        }
        return new Partials(Tensor.of(values, rows, parts, HEAD), Tensor.of(states, rows, parts, 2));
    }

    private static Tensor merged(Partials in) {
        int rows = in.values().dim(0);
        int parts = in.values().dim(1);
        float[] values = in.values().toFloats();
        float[] states = in.states().toFloats();
        float[] out = new float[rows * HEAD];
        for (int r = 0; r < rows; r++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int p = 0; p < parts; p++) {
                largest = Math.max(largest, states[(r * parts + p) * 2]);
            }
            double sum = 0;
            double[] total = new double[HEAD];
            for (int p = 0; p < parts; p++) {
                int at = r * parts + p;
                double factor = Math.exp(states[2 * at] - largest);
                sum += factor * states[2 * at + 1];
                for (int d = 0; d < total.length; d++) {
                    total[d] += factor * values[at * HEAD + d];
                }
            }
            for (int d = 0; d < total.length; d++) {
                out[r * HEAD + d] = (float) (total[d] / sum);
            }
        }
        return Tensor.of(out, rows, HEAD);
    }
}
