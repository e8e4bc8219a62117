package tinyllm.lab.exercises.quantized.cpu;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.AffineGroup;
import tinyllm.arrays.GroupFn;
import tinyllm.arrays.GroupQuantizer;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "2.2 group". */
public final class GroupExercise {

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Weights(float[] values, int bits) {}

    public static final Exercise<GroupFn> GROUP = Exercise.of("2.2 group", GroupFn.class)
            .title("A group of weights becomes a scale, a bias and small numbers")
            .reference(GroupQuantizer::new)
            .hint(
                    "The codes are marks on a ruler that reaches from the smallest weight to the largest. How many steps lie"
                            + " between 2^bits marks?")
            .hint("bias = smallest, scale = (largest − smallest) / (2^bits − 1). A weight's code is the nearest mark:"
                    + " round((weight − bias) / scale).")
            .hint(
                    "Begin the search for both ends at weights[0], not at 0: a group may lie on one side of 0. In a group of"
                            + " equal weights the range is 0; Math.round(0f / 0f) is 0, which is what is wanted.")
            .check(situation("32 weights, 4 bits", seed -> drawn(seed, 32, 4, 1, 0)))
            .check(situation("8 bits", seed -> drawn(seed, 32, 8, 1, 0)))
            .check(situation("2 bits", seed -> drawn(seed, 64, 2, 1, 0)))
            .check(situation("all above 0", seed -> drawn(seed, 32, 4, .5, 9)))
            .check(situation("all below 0", seed -> drawn(seed, 32, 4, .5, -9)))
            .check(situation("one giant among them", GroupExercise::giant))
            .check(situation("tiny weights", seed -> drawn(seed, 32, 3, 1e-5, 0)))
            .check(Case.of(
                    "all equal", seed -> new Weights(new float[] {.25f, .25f, .25f, .25f}, 4), GroupExercise::values))
            .mistake(
                    "cut off instead of rounded",
                    "The codes are cut off, not rounded: every weight falls to the mark below it, and the error is up to"
                            + " a whole step instead of half of one. Math.round goes to the nearest.",
                    steps(() -> new Steps() {
                        @Override
                        int code(float marks) {
                            return (int) marks;
                        }
                    }))
            .mistake(
                    "as many steps as codes",
                    "The range was divided by 2^bits: n marks have n − 1 steps between them. Divide by 2^bits − 1, else"
                            + " the largest code is hardly used.",
                    steps(() -> new Steps() {
                        @Override
                        int steps(int bits) {
                            return 1 << bits;
                        }
                    }))
            .mistake(
                    "always 4 bits",
                    "The number of steps does not depend on bits: 15 is right for 4 bits alone. It is (1 << bits) − 1.",
                    steps(() -> new Steps() {
                        @Override
                        int steps(int bits) {
                            return 15;
                        }
                    }))
            .mistake(
                    "no bias",
                    "Zero became code 0 and there is no bias, so weights below 0 have no code of their own: let code 0"
                            + " stand for the smallest weight.",
                    steps(() -> new Steps() {
                        @Override
                        float bias(float low, float high) {
                            return 0;
                        }
                    }))
            .mistake(
                    "ends searched from 0",
                    "The search for the smallest and the largest weight began at 0: a group that lies on one side of 0"
                            + " wastes codes on a range where no weight is. Begin at weights[0].",
                    steps(() -> new Steps() {
                        @Override
                        float start(float first) {
                            return 0;
                        }
                    }))
            .mistake(
                    "range of the sizes",
                    "The range reaches from minus the largest size to plus it, as if weights were as large on both sides:"
                            + " codes that no weight needs are lost. Take the smallest and the largest weight.",
                    steps(() -> new Steps() {
                        @Override
                        float low(float low, float high) {
                            return -Math.max(Math.abs(low), Math.abs(high));
                        }

                        @Override
                        float high(float low, float high) {
                            return Math.max(Math.abs(low), Math.abs(high));
                        }
                    }))
            .mistake(
                    "centred codes",
                    "The bias is the middle of the range, so half of the weights would need negative codes and all got 0:"
                            + " the bias is the smallest weight.",
                    steps(() -> new Steps() {
                        @Override
                        float bias(float low, float high) {
                            return (low + high) / 2;
                        }
                    }))
            .mistake(
                    "bias not taken away",
                    "The weights were divided by the scale before the bias was taken away: the code is"
                            + " (weight − bias) / scale.",
                    steps(() -> new Steps() {
                        @Override
                        float marks(float w, float scale, float bias) {
                            return w / scale - bias;
                        }
                    }))
            .mistake(
                    "the scale upside down",
                    "The scale is steps over range, and has to be range over steps: it is the width of one step, and"
                            + " dequantizing multiplies by it.",
                    steps(() -> new Steps() {
                        @Override
                        float given(float scale) {
                            return 1 / scale;
                        }
                    }))
            .build();

    private GroupExercise() {}

    private static Weights drawn(long seed, int count, int bits, double deviation, double around) {
        float[] values = new Draw(seed).scaled(deviation, count).add(around).toFloats();
        return new Weights(values, bits);
    }

    private static Weights giant(long seed) {
        Weights weights = drawn(seed, 32, 4, 1, 0);
        weights.values()[5] = 40;
        return weights;
    }

    private static Case<GroupFn> situation(String name, LongFunction<Weights> inputs) {
        return Case.of(name, inputs, (answer, in) -> {
            AffineGroup group = answer.quantize(in.values(), in.bits());
            if (group == null || group.codes() == null) {
                return null;
            }
            Map<String, Object> parts = new LinkedHashMap<>();
            parts.put("codes", group.codes());
            parts.put("scale · code + bias", Tensor.of(group.values()));
            return parts;
        });
    }

    /** A group of equal weights has one right reading and many scales. */
    private static @Nullable Object values(GroupFn answer, Weights in) {
        AffineGroup group = answer.quantize(in.values(), in.bits());
        return group == null ? null : Tensor.of(group.values());
    }

    private static Supplier<GroupFn> steps(Supplier<Steps> make) {
        return make::get;
    }

    /** The right way in steps, of which each mistake replaces one. */
    private static class Steps implements GroupFn {

        float start(float first) {
            return first;
        }

        float low(float low, float high) {
            return low;
        }

        float high(float low, float high) {
            return high;
        }

        int steps(int bits) {
            return (1 << bits) - 1;
        }

        float bias(float low, float high) {
            return low;
        }

        float marks(float w, float scale, float bias) {
            return (w - bias) / scale;
        }

        int code(float marks) {
            return Math.round(marks);
        }

        float given(float scale) {
            return scale;
        }

        @Override
        public AffineGroup quantize(float[] weights, int bits) {
            float low = start(weights[0]);
            float high = low;
            for (float w : weights) {
                low = Math.min(low, w);
                high = Math.max(high, w);
            }
            float first = low(low, high);
            float last = high(low, high);
            float scale = (last - first) / steps(bits);
            float bias = bias(first, last);
            int[] codes = new int[weights.length];
            for (int i = 0; i < codes.length; i++) {
                codes[i] = Math.clamp(code(marks(weights[i], scale, bias)), 0, (1 << bits) - 1);
            }
            return new AffineGroup(given(scale), bias, codes);
        }
    }
}
