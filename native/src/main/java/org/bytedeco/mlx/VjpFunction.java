package org.bytedeco.mlx;

/** Returns, for each primal, the vector-Jacobian product of the cotangents with the function's Jacobian there. */
@FunctionalInterface
public interface VjpFunction {
    ArrayVector apply(ArrayVector primals, ArrayVector cotangents, ArrayVector outputs);
}
