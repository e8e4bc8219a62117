package tinyllm.arrays;

import tinyllm.tensor.Tensor;

/** An image as it lies in a file, pixel after pixel, and as a network wants it, colour after colour. */
public interface PlanesFn {

    /**
     * One plane for each colour.
     *
     * @param line {@code [H·W·3]}: red, green and blue of the first pixel, then of the next one in the row
     * @return {@code [3, H, W]}
     */
    Tensor split(Tensor line, int height, int width);

    /** The way back: {@code [3, H, W]} to {@code [H·W·3]}. */
    Tensor merge(Tensor planes);
}
