package org.bytedeco.mlx;

/** Returns the Jacobian-vector product with the tangents of the arguments {@code argnums}. */
@FunctionalInterface
public interface JvpFunction {
    ArrayVector apply(ArrayVector primals, ArrayVector tangents, int[] argnums);
}
