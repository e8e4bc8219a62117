package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** The sizes of an array's dimensions: {@code mlx::core::Shape}, a small vector of 32-bit integers. */
@Name("mlx::core::Shape")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class Shape extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public Shape(Pointer p) {
        super(p);
    }

    /** The shape of a scalar. */
    public Shape() {
        allocate();
    }

    public Shape(int... dims) {
        allocate(dims.length, 0);
        for (int i = 0; i < dims.length; i++) {
            put(i, dims[i]);
        }
    }

    private native void allocate();

    private native void allocate(@Cast("size_t") long size, int value);

    public native @Cast("size_t") long size();

    public native @Cast("bool") boolean empty();

    /** The size of dimension {@code i}; throws if there is no such dimension. */
    @Index(function = "at")
    public native int get(@Cast("size_t") long i);

    /** Throws if there is no such dimension. */
    @ValueSetter
    @Index(function = "at")
    public native Shape put(@Cast("size_t") long i, int value);

    public native void push_back(int value);

    public native @Name("operator ==") @Cast("bool") boolean equals(@Const @ByRef Shape other);

    public int[] toArray() {
        int[] dims = new int[Math.toIntExact(size())];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = get(i);
        }
        return dims;
    }

    @Override
    public String toString() {
        return isNull() ? "null" : java.util.Arrays.toString(toArray());
    }
}
