package org.bytedeco.mlx;

/** A function from arrays to arrays, as the transforms of MLX take it: a Java lambda, or what a transform returned. */
@FunctionalInterface
public interface ArrayFunction {
    /** {@code inputs} is valid during the call; the arrays that it hands out are yours. */
    ArrayVector apply(ArrayVector inputs);
}
