package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** What {@link array} has beyond the C++ class. */
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public abstract class AbstractArray extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    protected AbstractArray(Pointer p) {
        super(p);
    }

    public abstract Shape shape();

    @Override
    public String toString() {
        return isNull() ? "null" : org.bytedeco.mlx.global.mlx.array_to_string((array) this);
    }

    static void requireLength(long length, Shape shape) {
        long size = 1;
        for (int dim : shape.toArray()) {
            size = Math.multiplyExact(size, dim);
        }
        if (size != length) {
            throw new IllegalArgumentException("A Java array of " + length + " values cannot fill the shape " + shape
                    + " of " + size + " values.");
        }
    }
}
