package tinyllm.lab.exercises.tensors;

import java.util.function.Function;
import tinyllm.arrays.Planes;
import tinyllm.arrays.PlanesFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.tensor.Tensor;

/** Exercise "0.1 reshape or transpose". */
public final class PlanesExercise {

    private static final PlanesFn RIGHT = new PlanesFn() {
        @Override
        public Tensor split(Tensor line, int height, int width) {
            return line.reshape(height, width, 3).transpose(2, 0, 1);
        }

        @Override
        public Tensor merge(Tensor planes) {
            return planes.transpose(1, 2, 0).reshape(-1);
        }
    };

    public static final Exercise<PlanesFn> PLANES = Exercise.of("0.1 reshape or transpose", PlanesFn.class)
            .title("An image becomes three planes, and one line again")
            .reference(Planes::new)
            .hint("reshape cuts the line of numbers anew and moves nothing; transpose changes the order of the axes."
                    + " You need both, in this order.")
            .hint("Cut the line as it was written: row after row, pixel after pixel, colour after colour, [H, W, 3]."
                    + " Then the colours' axis goes to the front.")
            .hint("split: line.reshape(height, width, 3).transpose(2, 0, 1). merge goes back: transpose(1, 2, 0), then"
                    + " reshape(-1).")
            .check(split("a wide image", 4, 6))
            .check(split("a high image", 5, 2))
            .check(split("square", 4, 4))
            .check(split("as many rows and columns as colours", 3, 3))
            .check(split("one row", 1, 4))
            .check(merge("a wide image", 4, 6))
            .check(merge("square", 4, 4))
            .check(merge("as many rows and columns as colours", 3, 3))
            .mistake(
                    "reshape straight to planes",
                    "reshape(3, H, W) only cuts the line anew: the first plane got all colours of the top third of the"
                            + " image. Cut to [H, W, 3] first, then transpose.",
                    splits((line, h, w) -> line.reshape(3, h, w)))
            .mistake(
                    "not transposed",
                    "The colours are still the last axis, [H, W, 3]: a transpose has to bring them to the front.",
                    splits((line, h, w) -> line.reshape(h, w, 3)))
            .mistake(
                    "height and width swapped",
                    "The line was cut as if the image were W high and H wide: a row of the image has W pixels, so"
                            + " reshape(H, W, 3).",
                    splits((line, h, w) -> line.reshape(w, h, 3).transpose(2, 0, 1)))
            .mistake(
                    "planes on their side",
                    "The planes lie on their side, [3, W, H]: after the colours come the rows, then the columns,"
                            + " transpose(2, 0, 1).",
                    splits((line, h, w) -> line.reshape(h, w, 3).transpose(2, 1, 0)))
            .mistake(
                    "axes named the other way round",
                    "transpose names the old axes in their new order, not where each one goes: the colours are axis 2 and come"
                            + " first, transpose(2, 0, 1).",
                    splits((line, h, w) -> line.reshape(h, w, 3).transpose(1, 2, 0)))
            .mistake(
                    "colours cut out of rows",
                    "Each row was cut into three pieces as if red came first for the whole row. The three colours of"
                            + " one pixel lie side by side: [H, W, 3].",
                    splits((line, h, w) -> line.reshape(h, 3, w).transpose(1, 0, 2)))
            .mistake(
                    "colours backwards",
                    "The planes come as blue, green, red: keep the order of the line.",
                    splits((line, h, w) -> RIGHT.split(line, h, w).take(new int[] {2, 1, 0}, 0)))
            .mistake(
                    "merge without the way back",
                    "merge only joined the planes one behind the other: bring the colours back to the last axis first,"
                            + " transpose(1, 2, 0).",
                    merges(planes -> planes.reshape(-1)))
            .mistake(
                    "merge by columns",
                    "merge went down the columns of the image: the rows come first, transpose(1, 2, 0).",
                    merges(planes -> planes.transpose(2, 1, 0).reshape(-1)))
            .mistake(
                    "merge with split's transpose",
                    "merge used the same transpose as split. The way back is another one: axis 0, the colours, goes"
                            + " last.",
                    merges(planes -> planes.transpose(2, 0, 1).reshape(-1)))
            .mistake(
                    "merge keeps the axes",
                    "merge gave [H, W, 3]: the line has one axis, reshape(-1).",
                    merges(planes -> planes.transpose(1, 2, 0)))
            .build();

    private PlanesExercise() {}

    private interface Split {
        Tensor split(Tensor line, int height, int width);
    }

    private static Case<PlanesFn> split(String name, int h, int w) {
        return Case.of(
                "split " + name, seed -> new Draw(seed).normal(h * w * 3), (answer, line) -> answer.split(line, h, w));
    }

    private static Case<PlanesFn> merge(String name, int h, int w) {
        return Case.of("merge " + name, seed -> new Draw(seed).normal(3, h, w), PlanesFn::merge);
    }

    private static java.util.function.Supplier<PlanesFn> splits(Split wrong) {
        return () -> new PlanesFn() {
            @Override
            public Tensor split(Tensor line, int height, int width) {
                return wrong.split(line, height, width);
            }

            @Override
            public Tensor merge(Tensor planes) {
                return RIGHT.merge(planes);
            }
        };
    }

    private static java.util.function.Supplier<PlanesFn> merges(Function<Tensor, Tensor> wrong) {
        return () -> new PlanesFn() {
            @Override
            public Tensor split(Tensor line, int height, int width) {
                return RIGHT.split(line, height, width);
            }

            @Override
            public Tensor merge(Tensor planes) {
                return wrong.apply(planes);
            }
        };
    }
}
