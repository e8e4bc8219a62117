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
        long size = size(shape);
        if (size != length) {
            throw new IllegalArgumentException("A Java array of " + length + " values cannot fill the shape " + shape
                    + " of " + size + " values.");
        }
    }

    /** A limit of 0 means that JavaCPP does not know how much memory there is. */
    static void requireMemory(Pointer data, Shape shape) {
        long size = size(shape);
        if (Pointer.isNull(data) && size > 0) {
            throw new NullPointerException(
                    "The data pointer is null, but the shape " + shape + " has " + size + " values.");
        }
        if (data != null && data.limit() > 0 && data.limit() - data.position() < size) {
            throw new IllegalArgumentException("A pointer to " + (data.limit() - data.position())
                    + " values cannot fill the shape " + shape + " of " + size + " values.");
        }
    }

    private static long size(Shape shape) {
        long size = 1;
        for (int dim : shape.toArray()) {
            if (dim < 0) {
                throw new IllegalArgumentException("The shape " + shape + " has a negative dimension: " + dim + ".");
            }
            size = Math.multiplyExact(size, (long) dim);
        }
        return size;
    }
}
