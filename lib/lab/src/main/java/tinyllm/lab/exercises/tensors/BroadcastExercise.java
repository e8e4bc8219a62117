package tinyllm.lab.exercises.tensors;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.arrays.Broadcast;
import tinyllm.arrays.BroadcastFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "0.1 broadcasting". */
public final class BroadcastExercise {

    public static final Exercise<BroadcastFn> BROADCASTING = Exercise.of("0.1 broadcasting", BroadcastFn.class)
            .title("Arrays of different shapes meet")
            .reference(Broadcast::new)
            .hint("Write the two shapes below each other, their last axes in line. A missing axis counts as 1, and a"
                    + " 1 takes the other's size.")
            .hint("For stretch: entry i of the result has an index on each axis (i % size, then i / size, from the"
                    + " last axis back). The same index, but 0 on axes where from is 1, says where to read.")
            .hint("Walk back over from's axes with place = 0, stride = 1, rest = i: if (from is not 1) place +="
                    + " (rest % to) * stride; then rest /= to; stride *= from.")
            .check(shape("a matrix and a row", List.of(4, 3), List.of(3)))
            .check(shape("a column and a row", List.of(4, 1), List.of(1, 5)))
            .check(shape("the second is longer", List.of(3), List.of(2, 4, 3)))
            .check(shape("ones on both sides", List.of(2, 1, 3), List.of(4, 1)))
            .check(shape("a number alone", List.of(), List.of(2, 2)))
            .check(refused("sizes that don't fit", List.of(4, 3), List.of(4)))
            .check(refused("sizes that don't fit, one of them twice the other", List.of(2, 4), List.of(2, 2)))
            .check(stretch("a row onto two rows", List.of(3), List.of(2, 3)))
            .check(stretch("a column onto three columns", List.of(2, 1), List.of(2, 3)))
            .check(stretch("a row of as many as there are rows", List.of(3), List.of(3, 3)))
            .check(stretch("an axis in the middle", List.of(2, 1, 3), List.of(2, 4, 3)))
            .check(stretch("two axes at once", List.of(4, 1), List.of(2, 4, 3)))
            .check(stretch("a number alone", List.of(), List.of(2, 2)))
            .mistake(
                    "aligned at the first axis",
                    "The shapes were aligned at their first axes. The last ones meet: count axes from the back.",
                    () -> new Steps() {
                        @Override
                        int size(int[] shape, int back, int rank) {
                            int at = rank - back;
                            return at < shape.length ? shape[at] : 1;
                        }
                    })
            .mistake(
                    "nothing is refused",
                    "Sizes that differ were let through, though neither is 1: throw an IllegalArgumentException, since"
                            + " a guess would mix up numbers in silence.",
                    () -> new Steps() {
                        @Override
                        boolean fit(int x, int y) {
                            return true;
                        }
                    })
            .mistake(
                    "only equal sizes",
                    "An axis of size 1 was refused: it stretches to the other's size.",
                    () -> new Steps() {
                        @Override
                        boolean fit(int x, int y) {
                            return x == y;
                        }
                    })
            .mistake(
                    "the first shape wins",
                    "The result has the first array's sizes: where that is 1, the other's size counts.",
                    () -> new Steps() {
                        @Override
                        int common(int x, int y) {
                            return x;
                        }
                    })
            .mistake(
                    "multiples fit too",
                    "A size was let through because it divides the other. Only 1 stretches; 2 and 4 don't fit.",
                    () -> new Steps() {
                        @Override
                        boolean fit(int x, int y) {
                            return Math.max(x, y) % Math.min(x, y) == 0;
                        }
                    })
            .mistake(
                    "tiled",
                    "The whole block was written again and again. Along a stretched axis only the index of that axis"
                            + " changes nothing; the others still count.",
                    () -> new Steps() {
                        @Override
                        public float[] stretch(float[] values, int[] from, int[] to) {
                            return fill(to, i -> values[i % values.length]);
                        }
                    })
            .mistake(
                    "each value repeated in place",
                    "Each value was repeated beside itself, as if the last axis always stretched. Look which axis has"
                            + " size 1.",
                    () -> new Steps() {
                        @Override
                        public float[] stretch(float[] values, int[] from, int[] to) {
                            int times = size(to) / values.length;
                            return fill(to, i -> values[i / times]);
                        }
                    })
            .mistake(
                    "padded with zeros",
                    "What was missing came as 0. Broadcasting repeats the values that are there.",
                    () -> new Steps() {
                        @Override
                        public float[] stretch(float[] values, int[] from, int[] to) {
                            return Arrays.copyOf(values, size(to));
                        }
                    })
            .mistake(
                    "the stretched axis moves",
                    "The place that is read runs on along an axis of size 1: there the index must stay 0.",
                    () -> new Steps() {
                        @Override
                        boolean moves(int size) {
                            return true;
                        }
                    })
            .build();

    private BroadcastExercise() {}

    private static Case<BroadcastFn> shape(String name, List<Integer> a, List<Integer> b) {
        String full = "shape of " + name + ": " + a + " and " + b;
        return Case.of(full, seed -> List.of(ints(a), ints(b)), (answer, in) -> answer.shape(in.get(0), in.get(1)));
    }

    private static Case<BroadcastFn> refused(String name, List<Integer> a, List<Integer> b) {
        String full = "shape of " + name + ": " + a + " and " + b;
        return Case.refused(
                full,
                seed -> List.of(ints(a), ints(b)),
                (answer, in) -> answer.shape(in.get(0), in.get(1)),
                IllegalArgumentException.class);
    }

    private static Case<BroadcastFn> stretch(String name, List<Integer> from, List<Integer> to) {
        String full = "stretch " + name + ": " + from + " to " + to;
        return Case.of(
                full,
                seed -> new Draw(seed).normal(ints(from)).toFloats(),
                (answer, in) -> shaped(answer.stretch(in, ints(from), ints(to)), ints(to)));
    }

    private static @Nullable Object shaped(float @Nullable [] result, int[] shape) {
        if (result == null) {
            return null;
        }
        return result.length == Steps.size(shape) ? Tensor.of(result, shape) : Tensor.of(result);
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(i -> i).toArray();
    }

    /** The right way in steps, of which each mistake replaces one. */
    private static class Steps implements BroadcastFn {

        int size(int[] shape, int back, int rank) {
            return back <= shape.length ? shape[shape.length - back] : 1;
        }

        boolean fit(int x, int y) {
            return x == y || x == 1 || y == 1;
        }

        int common(int x, int y) {
            return Math.max(x, y);
        }

        boolean moves(int size) {
            return size != 1;
        }

        @Override
        public int[] shape(int[] a, int[] b) {
            int[] out = new int[Math.max(a.length, b.length)];
            for (int back = 1; back <= out.length; back++) {
                int x = size(a, back, out.length);
                int y = size(b, back, out.length);
                if (!fit(x, y)) {
                    throw new IllegalArgumentException(x + " and " + y + " don't fit");
                }
                out[out.length - back] = common(x, y);
            }
            return out;
        }

        @Override
        public float[] stretch(float[] values, int[] from, int[] to) {
            return fill(to, i -> values[source(i, from, to)]);
        }

        private int source(int i, int[] from, int[] to) {
            int place = 0;
            int stride = 1;
            int rest = i;
            for (int back = 1; back <= from.length; back++) {
                int index = rest % to[to.length - back];
                rest /= to[to.length - back];
                place += moves(from[from.length - back]) ? index * stride : 0;
                stride *= from[from.length - back];
            }
            return place;
        }

        interface Value {
            float at(int i);
        }

        static float[] fill(int[] shape, Value value) {
            float[] out = new float[size(shape)];
            for (int i = 0; i < out.length; i++) {
                out[i] = value.at(i);
            }
            return out;
        }

        static int size(int[] shape) {
            return Arrays.stream(shape).reduce(1, (x, y) -> x * y);
        }
    }
}
