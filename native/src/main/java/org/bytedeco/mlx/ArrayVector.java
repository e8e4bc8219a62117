package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** A vector of arrays. Copies of arrays share their data. */
@Name("std::vector<mlx::core::array>")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class ArrayVector extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public ArrayVector(Pointer p) {
        super(p);
    }

    /** A vector of one element; without it, Java would prefer the cast of the element's pointer. */
    public ArrayVector(array value) {
        allocate();
        push_back(value);
    }

    public ArrayVector(array... values) {
        allocate();
        reserve(values.length);
        for (array value : values) {
            push_back(value);
        }
    }

    private native void allocate();

    public native void reserve(@Cast("size_t") long n);

    public native @Cast("size_t") long size();

    public native @Cast("bool") boolean empty();

    public native void clear();

    /** A copy of element {@code i}; throws if there is no such element. */
    @Index(function = "at")
    public native @ByVal array get(@Cast("size_t") long i);

    public native void push_back(@Const @ByRef array value);

    /** All elements, each a copy. */
    public array[] get() {
        array[] values = new array[Math.toIntExact(size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }
}
