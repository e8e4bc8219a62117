package org.bytedeco.mlx;

import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

/** A vector of streams. */
@Name("std::vector<mlx::core::Stream>")
@Properties(inherit = org.bytedeco.mlx.presets.mlx.class)
public class StreamVector extends Pointer {
    static {
        Loader.load();
    }

    /** Pointer cast constructor. Invokes {@link Pointer#Pointer(Pointer)}. */
    public StreamVector(Pointer p) {
        super(p);
    }

    /** A vector of one element; without it, Java would prefer the cast of the element's pointer. */
    public StreamVector(Stream value) {
        allocate();
        push_back(value);
    }

    public StreamVector(Stream... values) {
        allocate();
        reserve(values.length);
        for (Stream value : values) {
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
    public native @ByVal Stream get(@Cast("size_t") long i);

    public native void push_back(@Const @ByRef Stream value);

    /** All elements, each a copy. */
    public Stream[] get() {
        Stream[] values = new Stream[Math.toIntExact(size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = get(i);
        }
        return values;
    }
}
