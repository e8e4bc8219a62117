package tinyllm.lab;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tinyllm.lab.chart.AxesPainter;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/** What each axis of a tensor is, drawn (chapter 0.1). */
public final class Axes {

    private Axes() {}

    /**
     * The tensor's numbers as sheets, rows and columns, and as they lie in memory.
     *
     * @param tensor 1 to 3 axes, at most 64 numbers
     * @param names one for each axis, such as "sentence", "token", "feature"
     */
    public static Picture of(Tensor tensor, String... names) {
        int[] shape = tensor.shape();
        String axes = IntStream.range(0, Math.min(names.length, shape.length))
                .mapToObj(i -> shape[i] + " × " + names[i])
                .collect(Collectors.joining(", "));
        String title = Arrays.toString(shape) + ": " + axes;
        return AxesPainter.paint(title, List.of(names), shape, tensor.toDoubles(), title + ".");
    }
}
