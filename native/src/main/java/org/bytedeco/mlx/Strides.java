package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** The distances, in elements, between neighbours along each dimension: {@code mlx::core::Strides}. */
@Name("mlx::core::Strides")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class Strides extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public Strides(Pointer p) {
        super(p);
    }

    public Strides(long... strides) {
        allocate(strides.length, 0);
        for (int i = 0; i < strides.length; i++) {
            put(i, strides[i]);
        }
    }

    private native void allocate(@Cast("size_t") long size, @Cast("int64_t") long value);

    public native @Cast("size_t") long size();

    /** The stride of dimension {@code i}; throws if there is no such dimension. */
    @Index(function = "at")
    public native @Cast("int64_t") long get(@Cast("size_t") long i);

    /** Throws if there is no such dimension. */
    @ValueSetter
    @Index(function = "at")
    public native Strides put(@Cast("size_t") long i, @Cast("int64_t") long value);

    public long[] toArray() {
        long[] strides = new long[Math.toIntExact(size())];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = get(i);
        }
        return strides;
    }

    @Override
    public String toString() {
        return isNull() ? "null" : java.util.Arrays.toString(toArray());
    }
}
