package tinyllm.arrays;

/** How arrays of different shapes meet: aligned at their last axes, an axis of size 1 stretches. */
public interface BroadcastFn {

    /**
     * The shape that two shapes have in common.
     *
     * @return as many axes as the longer one
     * @throws IllegalArgumentException when two aligned sizes differ and neither is 1
     */
    int[] shape(int[] a, int[] b);

    /**
     * The values, repeated until they fill a larger shape.
     *
     * @param values row-major, of shape {@code from}
     * @param from the shape that they have
     * @param to a shape that {@code from} broadcasts to
     * @return row-major, of shape {@code to}
     */
    float[] stretch(float[] values, int[] from, int[] to);
}
