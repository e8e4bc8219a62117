package org.bytedeco.mlx;

/** A function over a batch: which axis of each input is the batch (-1: none), and which axis of each output. */
@FunctionalInterface
public interface VmapFunction {
    Result apply(ArrayVector inputs, int[] axes);

    record Result(ArrayVector outputs, int... axes) {}
}
